/** The dots behind everything: one element, moved and scaled by less than one step, so that nothing is painted. */

import { GRID } from "../grid";
import type { View } from "../scene/view";

const STEP = 2 * GRID; // canvas units between dots at a zoom of 1
const LEAST = 16; // pixels between dots on the screen; from there on every other one is left out

/** Put the grid where the view is. The element reaches one largest step beyond the screen on each side. */
export function placeDots(element: HTMLElement, { x, y, zoom }: View): void {
  let step = STEP * zoom;
  while (step < LEAST) step *= 2;
  while (step >= 2 * LEAST) step /= 2;
  const scale = step / LEAST;
  element.style.transform = `translate(${(x % step) - step}px, ${(y % step) - step}px) scale(${scale})`;
}
