/** Where the view is, and what it shows. */

import type { Box } from "../../document/geometry";

export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  /** Of the screen, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** Zoomed out further than this, nodes are drawn as blocks on the canvas instead of as elements. */
export const NEAR_ZOOM = 0.4;

export function isNear(view: View): boolean {
  return view.zoom >= NEAR_ZOOM;
}

/** The part of the canvas that is seen. */
export function seenIn({ x, y, zoom, width, height }: View): Box {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

/** In canvas units: never thinner than a pixel and a bit on the screen. */
export function lineWidth(zoom: number): number {
  return Math.max(2.4, 1.2 / zoom);
}

export function covers(outer: Box, inner: Box): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

/** A box with shares of its size added on each side. */
export function grown({ x, y, width, height }: Box, share: number): Box {
  const [dx, dy] = [width * share, height * share];
  return { x: x - dx, y: y - dy, width: width + 2 * dx, height: height + 2 * dy };
}
