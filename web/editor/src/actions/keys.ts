/** From key presses to actions. */

import type { Studio } from "../state/studio";
import type { Action } from "./action";

/** Listen on a page; the answer ends it. */
export function listenToKeys(page: Document, studio: Studio, actions: readonly Action[]): () => void {
  const pressed = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return;
    const combination = combinationOf(event);
    const inText = isTextField(event.target);
    const action = actions.find(
      (one) =>
        one.keys?.includes(combination) &&
        (!inText || one.inText) &&
        (!one.onCanvas || isOnCanvas(event.target)) &&
        (one.when?.(studio) ?? true),
    );
    if (!action) return;
    event.preventDefault();
    void action.run(studio);
  };
  page.addEventListener("keydown", pressed);
  return () => page.removeEventListener("keydown", pressed);
}

/** `Ctrl+Shift+Z` for an event; Command counts as Ctrl. */
export function combinationOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey) parts.push("Shift");
  return [...parts, key === " " ? "Space" : key].join("+");
}

/** The focus is on the canvas itself or on a node, or on nothing. */
function isOnCanvas(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target === target.ownerDocument.body || target.matches(".canvas, .canvas [data-node], .canvas [data-group]");
}

function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.matches("textarea, select, input:not([type=checkbox], [type=range], [type=button])")
  );
}
