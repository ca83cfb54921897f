/** How keys are written for people. */

const NAMES: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Delete: "Del",
};

/** The parts of `Ctrl+Shift+ArrowUp`, each to be drawn as a key. */
export function keyNames(combination: string): string[] {
  // "+" is a key as well as what joins them.
  const parts = combination.endsWith("++") ? [...combination.slice(0, -2).split("+"), "+"] : combination.split("+");
  return parts.map((part) => NAMES[part] ?? part).filter((part) => part !== "");
}
