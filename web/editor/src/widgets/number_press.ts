/** Pressing on a number: arrows at its ends, dragging sideways, and the places of a slider. */

import type { InputSpec } from "../document/schema";
import { follow, fractionAt, repeat } from "./dragging";
import { pace } from "./number_keys";
import { type Amount, amountAt, moved } from "./numbers";

const ARROW_WIDTH = 16; // of the arrows at both ends, in canvas units
const PIXELS_A_STEP = 6;
const SLIDERS: ReadonlySet<string> = new Set(["slider", "knob"]);

/** What a press may do. */
export interface Pressable {
  readonly amount: Amount;
  readonly spec: InputSpec;
  readonly set: (next: Amount) => void;
  /** The change is complete. */
  readonly seal: () => void;
  /** It was clicked, not dragged: let the person type. */
  readonly type: () => void;
}

/** Whether a number is set by its place between its limits. */
export function isSlider(spec: InputSpec): boolean {
  return SLIDERS.has(spec.display ?? "") && spec.min !== undefined && spec.max !== undefined;
}

/** Follow a press on a number's control. */
export function press(row: HTMLElement, event: PointerEvent, number: Pressable): void {
  if (isSlider(number.spec)) slide(row, event, number);
  else if (arrowAt(row, event) !== 0) stepOn(row, event, number);
  else drag(row, event, number);
}

function slide(row: HTMLElement, event: PointerEvent, { spec, set, seal }: Pressable): void {
  const there = (at: PointerEvent): void => set(amountAt(fractionAt(row, at), spec));
  there(event);
  follow(row, event, { moved: (_, at) => there(at), clicked: seal, dropped: seal });
}

function stepOn(row: HTMLElement, event: PointerEvent, { amount, spec, set, seal }: Pressable): void {
  const side = arrowAt(row, event);
  let now = amount;
  repeat(row, event, () => set((now = moved(now, side * pace(event), spec))), seal);
}

function drag(row: HTMLElement, event: PointerEvent, { amount, spec, set, seal, type }: Pressable): void {
  let steps = 0;
  const sideways = (dx: number, { shiftKey, ctrlKey }: PointerEvent): void => {
    steps += (dx / PIXELS_A_STEP) * pace({ shiftKey, ctrlKey });
    const counted = shiftKey && spec.type !== "INT" ? Math.round(steps * 10) / 10 : Math.trunc(steps);
    set(moved(amount, counted, spec));
  };
  follow(row, event, { moved: sideways, clicked: type, dropped: seal });
}

/** -1 on the left arrow, 1 on the right one, 0 between them. */
function arrowAt(row: HTMLElement, event: PointerEvent): -1 | 0 | 1 {
  const place = fractionAt(row, event) * row.offsetWidth;
  return place < ARROW_WIDTH ? -1 : place > row.offsetWidth - ARROW_WIDTH ? 1 : 0;
}
