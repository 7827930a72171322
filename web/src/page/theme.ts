/**
 * Light or dark: what the person chose in this browser, or what the system says.
 */

export type Theme = "auto" | "light" | "dark";

const KEY = "gsheet-ml-theme";

export function keptTheme(): Theme {
  return (localStorage.getItem(KEY) ?? "auto") as Theme;
}

export function keepTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
}

/** Put it on the page; answers whether it is dark now. */
export function paintTheme(theme: Theme): boolean {
  const dark =
    theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
  document.documentElement.classList.toggle("dark", dark);
  return dark;
}
