/** The inputs and outputs of the shown subgraph as elements: each can have the focus. */

import type { BorderSlot } from "../../state/canvas";

/** Slots that are there, without the socket that makes a further one. */
export const BORDER_SLOT = ".boundary-node [data-slot]:not([data-further])";

/** Which slot an element is, or is part of; null for others. */
export function slotOf(element: Element | null): BorderSlot | null {
  const slot = element?.closest<HTMLElement>(BORDER_SLOT);
  if (!slot) return null;
  return { side: slot.dataset["socket"] === "out" ? "inputs" : "outputs", slot: Number(slot.dataset["slot"]) };
}

/** Give the focus to a slot of the border, if it is shown. */
export function focusSlot({ side, slot }: BorderSlot): void {
  const socket = side === "inputs" ? "out" : "in";
  document
    .querySelector<HTMLElement>(`.boundary-node [data-socket="${socket}"][data-slot="${slot}"]:not([data-further])`)
    ?.focus();
}
