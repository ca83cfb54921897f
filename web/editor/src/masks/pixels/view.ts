/** How a picture lies on the screen. */

import type { Point, Rect } from "./bitmap";

export interface View {
  /** Pixels of the screen for one of the picture. */
  readonly scale: number;
  /** Where the picture's upper left corner is on the screen. */
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const LARGEST = 64; // pixels of the screen for one of the picture
const SMALLEST = 24; // pixels of the screen that the longer side of the picture takes at least
const MARGIN = 24;

/** The whole picture, in the middle; small ones are not enlarged beyond `largest`. */
export function fit(frame: Size, picture: Size, largest = 8): View {
  const across = Math.max(1, frame.width - 2 * MARGIN) / picture.width;
  const down = Math.max(1, frame.height - 2 * MARGIN) / picture.height;
  return centred(frame, picture, Math.min(across, down, largest));
}

/** The picture's middle in the frame's. */
export function centred(frame: Size, picture: Size, scale: number): View {
  return { scale, x: (frame.width - picture.width * scale) / 2, y: (frame.height - picture.height * scale) / 2 };
}

/** Nearer by a factor; the point of the screen `at` shows the same place of the picture as before. */
export function zoomed(view: View, picture: Size, factor: number, at: Point): View {
  const least = Math.min(1, SMALLEST / Math.max(picture.width, picture.height));
  const scale = Math.min(LARGEST, Math.max(least, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by };
}

/** Moved, but never so far that nothing of the picture is left in the frame. */
export function panned(view: View, frame: Size, picture: Size, dx: number, dy: number): View {
  return {
    scale: view.scale,
    x: within(view.x + dx, picture.width * view.scale, frame.width),
    y: within(view.y + dy, picture.height * view.scale, frame.height),
  };
}

function within(start: number, length: number, frame: number): number {
  const rest = Math.min(MARGIN, length);
  return Math.min(frame - rest, Math.max(rest - length, start));
}

/** The place of the picture that a point of the screen shows. */
export function toPicture(view: View, at: Point): Point {
  return { x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale };
}

/** The pixels of the screen that a region of the picture touches. */
export function toScreen(view: View, { x, y, width, height }: Rect): Rect {
  const left = Math.floor(view.x + x * view.scale) - 1;
  const top = Math.floor(view.y + y * view.scale) - 1;
  const right = Math.ceil(view.x + (x + width) * view.scale) + 1;
  const bottom = Math.ceil(view.y + (y + height) * view.scale) + 1;
  return { x: left, y: top, width: right - left, height: bottom - top };
}
