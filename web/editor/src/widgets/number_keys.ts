/** What keys do to a number. */

import type { InputSpec } from "../document/schema";
import { type Amount, moved, settled } from "./numbers";

const STEPS: Readonly<Record<string, number>> = {
  ArrowUp: 1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowLeft: -1,
  PageUp: 10,
  PageDown: -10,
};

/** A key press, as far as it matters here. */
export interface Pressed {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** The number after a key; null for keys that do not change it. */
export function afterKey(amount: Amount, pressed: Pressed, spec: InputSpec): Amount | null {
  if (pressed.altKey || pressed.metaKey) return null;
  if (pressed.key === "Home" && spec.min !== undefined) return settled(spec.min, spec);
  if (pressed.key === "End" && spec.max !== undefined) return settled(spec.max, spec);
  const steps = STEPS[pressed.key];
  return steps === undefined ? null : moved(amount, steps * pace(pressed), spec);
}

/** Whether a key begins to type a number over the one that is there. */
export function beginsTyping({ key, ctrlKey, metaKey, altKey }: Pressed): boolean {
  return /^[\d.,(*+/-]$/.test(key) && !ctrlKey && !metaKey && !altKey;
}

/** How much a change counts: Ctrl makes it ten times coarser, Shift ten times finer (where the number has decimals). */
export function pace({ shiftKey, ctrlKey }: { readonly shiftKey: boolean; readonly ctrlKey: boolean }): number {
  return ctrlKey ? 10 : shiftKey ? 0.1 : 1;
}
