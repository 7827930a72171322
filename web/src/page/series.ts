/**
 * What the charts show, made of the workbook and of what runs logged. Pure.
 *
 * Decided here: which runs are compared and on which axes. Decided elsewhere: how a chart looks
 * (`charts.ts`), which column is what (the server).
 */

import { type Tab, shownText } from "../model/tab";
import type { RunsSummary, Scalar } from "../protocol/messages";

export type Queue = Extract<RunsSummary, { isQueue: true }>;

export interface AxisOfRuns {
  name: string;
  kind: "number" | "text";
  /** Numbers over several orders of magnitude. */
  log: boolean;
  texts: string[];
}

export interface Compared {
  axes: AxisOfRuns[];
  runs: { row: number; name: string; values: (number | string)[] }[];
}

/** Which column has which name; the first of several. */
export function columnsByName(tab: Tab): Map<string, number> {
  const header = tab.rows.idAt(0);
  const found = new Map<string, number>();
  if (header === undefined) return found;
  for (const column of tab.columns.ids) {
    const name = shownText(tab.cell(header, column)).trim();
    if (name !== "" && !found.has(name)) found.set(name, column);
  }
  return found;
}

export function runName(tab: Tab, row: number): string {
  const column = columnsByName(tab).get("run_name");
  const named = column === undefined ? "" : shownText(tab.cell(row, column)).trim();
  return named || `row ${String((tab.rows.placeOf(row) ?? 0) + 1)}`;
}

/** The finished runs: their hyperparameters, where they differ, and one metric. */
export function compared(tab: Tab, queue: Queue, metric: string): Compared {
  const columns = columnsByName(tab);
  const status = columns.get("status");
  const wanted = columns.get(metric);
  const defaults = tab.rows.idAt(1);
  if (status === undefined || wanted === undefined || defaults === undefined) {
    return { axes: [], runs: [] };
  }
  const rows = tab.rows.ids
    .slice(2)
    .filter((row) => shownText(tab.cell(row, status)).trim() === "done")
    .filter((row) => typeof tab.cell(row, wanted)?.v === "number");
  const value = (row: number, column: number): Scalar => {
    const own = tab.cell(row, column)?.v;
    return own ?? tab.cell(defaults, column)?.v ?? "";
  };
  const keys = queue.columns.keys.filter((key) => {
    const column = columns.get(key);
    if (column === undefined || key === "run_name") return false;
    return new Set(rows.map((row) => value(row, column))).size > 1;
  });
  const shown = [...keys, metric].flatMap((name) => {
    const column = columns.get(name);
    return column === undefined ? [] : [{ name, column }];
  });
  return {
    axes: shown.map(({ name, column }) => axisOf(name, rows.map((row) => value(row, column)))),
    runs: rows.map((row) => ({
      row,
      name: runName(tab, row),
      values: shown.map(({ column }) => {
        const found = value(row, column);
        return typeof found === "number" ? found : String(found);
      }),
    })),
  };
}

function axisOf(name: string, values: readonly Scalar[]): AxisOfRuns {
  const numbers = values.filter((one): one is number => typeof one === "number");
  if (numbers.length < values.length) {
    const texts = [...new Set(values.map(String))].sort((one, other) =>
      one.localeCompare(other, "en", { numeric: true }),
    );
    return { name, kind: "text", log: false, texts };
  }
  const least = Math.min(...numbers);
  const log = least > 0 && Math.max(...numbers) / least >= 50;
  return { name, kind: "number", log, texts: [] };
}
