/** How keys are written for people. */

import type { MessageKey, Text } from "../i18n/messages";

const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
};

/** What stands on keyboards in words, which differ from language to language. */
const WORDS: Readonly<Record<string, MessageKey>> = {
  Ctrl: "shell.keyCtrl",
  Shift: "shell.keyShift",
  Delete: "shell.keyDelete",
  Backspace: "shell.keyBackspace",
  Space: "shell.keySpace",
  Home: "shell.keyHome",
  PageUp: "shell.keyPageUp",
  PageDown: "shell.keyPageDown",
  ContextMenu: "shell.keyMenu",
};

/** The parts of `Ctrl+Shift+ArrowUp`, each to be drawn as a key. */
export function keyNames(combination: string, t: Text): string[] {
  // "+" is a key as well as what joins them.
  const parts = combination.endsWith("++")
    ? [...combination.slice(0, -2).split("+"), "+"]
    : combination === "+"
      ? ["+"]
      : combination.split("+");
  return parts.map((part) => SIGNS[part] ?? (WORDS[part] ? t(WORDS[part]) : part));
}
