/** Keeps the page in the theme and language that were chosen. */

import type { SettingsStore } from "../state/settings";

/** Follow the settings, and the system's theme where that was chosen; the answer ends it. */
export function followAppearance(page: Window, settings: SettingsStore): () => void {
  const root = page.document.documentElement;
  const dark = page.matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    const { theme, language } = settings.getState();
    root.dataset["theme"] = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
    root.lang = language;
  };
  apply();
  dark.addEventListener("change", apply);
  const unsubscribe = settings.subscribe(apply);
  return () => {
    dark.removeEventListener("change", apply);
    unsubscribe();
  };
}
