/** Where the view has to be for something to be seen whole. */

import type { Box } from "../../document/geometry";

export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

interface Screen {
  readonly width: number;
  readonly height: number;
}

export const MARGIN = 40; // pixels around what is shown
const WORTH = 0.7; // of the zoom: smaller only to uncover a corner would show less, not more

/**
 * The view that shows `all` in the middle, no larger than 1:1 and no smaller than `least`.
 *
 * `corner`: what covers the lower right of the screen, in pixels. If one of the `boxes` came to lie below it, they are
 * shown beside it or above it.
 */
export function fitted(
  all: Box,
  screen: Screen,
  least: number,
  corner: Screen | null,
  boxes: readonly Box[],
): Viewport {
  const whole = fittedInto(all, screen, least);
  if (!corner || !boxes.some((box) => isBelow(box, whole, screen, corner))) return whole;
  const beside = fittedInto(all, { width: screen.width - corner.width, height: screen.height }, least);
  const above = fittedInto(all, { width: screen.width, height: screen.height - corner.height }, least);
  const best = beside.zoom >= above.zoom ? beside : above;
  return best.zoom >= WORTH * whole.zoom ? best : whole;
}

function fittedInto(all: Box, { width, height }: Screen, least: number): Viewport {
  const across = (width - 2 * MARGIN) / Math.max(all.width, 1);
  const down = (height - 2 * MARGIN) / Math.max(all.height, 1);
  const zoom = Math.max(least, Math.min(1, across, down));
  return {
    x: width / 2 - (all.x + all.width / 2) * zoom,
    y: height / 2 - (all.y + all.height / 2) * zoom,
    zoom,
  };
}

function isBelow(box: Box, { x, y, zoom }: Viewport, screen: Screen, corner: Screen): boolean {
  const right = x + (box.x + box.width) * zoom;
  const bottom = y + (box.y + box.height) * zoom;
  return right > screen.width - corner.width && bottom > screen.height - corner.height;
}
