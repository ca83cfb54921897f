/** Pressing and dragging on a control with mouse, pen or finger. */

const SLACK = 3; // pixels that a hand trembles

/** What becomes of a press. Distances are pixels on the screen since the last report. */
export interface Press {
  readonly moved: (dx: number, event: PointerEvent) => void;
  /** It was let go where it began. */
  readonly clicked?: (event: PointerEvent) => void;
  /** It was dragged and let go. */
  readonly dropped?: () => void;
}

/** Follow a press until it is let go, wherever the pointer goes. */
export function follow(element: HTMLElement, begun: PointerEvent, press: Press): void {
  let last = begun.clientX;
  let dragged = false;
  const move = (event: PointerEvent): void => {
    if (event.pointerId !== begun.pointerId) return;
    dragged ||= Math.abs(event.clientX - begun.clientX) > SLACK;
    if (!dragged) return;
    press.moved(event.clientX - last, event);
    last = event.clientX;
  };
  const end = (event: PointerEvent): void => {
    if (event.pointerId !== begun.pointerId) return;
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", end);
    element.removeEventListener("pointercancel", end);
    if (dragged) press.dropped?.();
    else if (event.type === "pointerup") press.clicked?.(event);
  };
  element.setPointerCapture(begun.pointerId);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
}

const FIRST_WAIT = 400; // milliseconds before a held arrow repeats
const NEXT_WAIT = 60;

/** Do something now, and again and again until the pointer is let go. */
export function repeat(element: HTMLElement, begun: PointerEvent, act: () => void, ended: () => void): void {
  act();
  let timer = setTimeout(again, FIRST_WAIT);
  function again(): void {
    act();
    timer = setTimeout(again, NEXT_WAIT);
  }
  const end = (): void => {
    clearTimeout(timer);
    element.removeEventListener("pointerup", end);
    element.removeEventListener("pointercancel", end);
    ended();
  };
  element.setPointerCapture(begun.pointerId);
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
}

/** What part of a control's width a pointer is at, 0 to 1. */
export function fractionAt(element: HTMLElement, event: { readonly clientX: number }): number {
  const { left, width } = element.getBoundingClientRect();
  return width === 0 ? 0 : (event.clientX - left) / width;
}
