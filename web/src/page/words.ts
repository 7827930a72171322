/**
 * Times, durations and rates in words. Pure.
 */

export function duration(seconds: number): string {
  if (seconds < 60) return `${String(Math.max(1, Math.round(seconds)))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${String(hours)} h ${String(minutes % 60)} min`;
  return `${String(Math.round(hours / 24))} days`;
}

export function perHour(rate: number): string {
  const shown = rate >= 10 ? Math.round(rate) : Math.round(rate * 10) / 10;
  return `${shown.toLocaleString("en")} runs/h`;
}

/** A moment, as near as matters. */
export function moment(seconds: number, now: number): string {
  const ago = now - seconds;
  if (ago < 5) return "just now";
  if (ago < 3600) return `${duration(ago)} ago`;
  return new Date(seconds * 1000).toLocaleString(undefined, {
    dateStyle: "medium",
    timeStyle: "short",
  });
}

/** A number as short as it stays true to about four digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e6)) {
    return value.toExponential(2);
  }
  return String(Number(value.toPrecision(4)));
}
