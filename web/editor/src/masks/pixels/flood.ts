/** Filling what is of one colour. */

import { pixelsIn, type Rect, type Bitmap } from "./bitmap";
import type { MaskHistory } from "./history";

export const DIFFERENT = 0;
export const SIMILAR = 1;
export const REACHED = 2;

/** Mark the pixels of `rgba` whose channels all differ by at most `tolerance` (0 to 255) from a colour. */
export function markSimilar(
  marks: Uint8Array,
  start: number,
  rgba: Uint8ClampedArray,
  colour: readonly [number, number, number],
  tolerance: number,
): void {
  const [red, green, blue] = colour;
  for (let at = 0, mark = start; at < rgba.length; at += 4, mark += 1) {
    const isSimilar =
      Math.abs((rgba[at] ?? 0) - red) <= tolerance &&
      Math.abs((rgba[at + 1] ?? 0) - green) <= tolerance &&
      Math.abs((rgba[at + 2] ?? 0) - blue) <= tolerance;
    marks[mark] = isSimilar ? SIMILAR : DIFFERENT;
  }
}

/** The pixels of a mask that are about as masked as one of them. */
export function similarInMask({ data, width }: Bitmap, x: number, y: number, tolerance: number): Uint8Array {
  const value = data[y * width + x] ?? 0;
  const marks = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 1) {
    if (Math.abs((data[at] ?? 0) - value) <= tolerance) marks[at] = SIMILAR;
  }
  return marks;
}

/**
 * Mark as REACHED the similar pixels that hang together with one, side by side. Works a row at a time: what waits are
 * single pixels of runs that still have to be filled.
 */
export function spread(marks: Uint8Array, width: number, height: number, x: number, y: number): void {
  const waiting = [y * width + x];
  for (let seed = waiting.pop(); seed !== undefined; seed = waiting.pop()) {
    if (marks[seed] !== SIMILAR) continue;
    const row = seed - (seed % width);
    let left = seed;
    while (left > row && marks[left - 1] === SIMILAR) left -= 1;
    let right = seed + 1;
    while (right < row + width && marks[right] === SIMILAR) right += 1;
    marks.fill(REACHED, left, right);
    if (row > 0) pushRuns(marks, left - width, right - width, waiting);
    if (row + width < width * height) pushRuns(marks, left + width, right + width, waiting);
  }
}

function pushRuns(marks: Uint8Array, from: number, to: number, waiting: number[]): void {
  for (let at = from; at < to; at += 1) {
    if (marks[at] === SIMILAR && (at === from || marks[at - 1] !== SIMILAR)) waiting.push(at);
  }
}

/** Bring the pixels that have a mark `opacity` of the way to `value`; the region that changed. */
export function fillMarked(
  history: MaskHistory,
  marks: Uint8Array,
  mark: number,
  value: number,
  opacity: number,
): Rect | null {
  const { bitmap } = history;
  const rect = boundsOf(bitmap, marks, mark);
  if (!rect) return null;
  history.touch(rect);
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    const row = y * bitmap.width;
    for (let at = row + rect.x; at < row + rect.x + rect.width; at += 1) {
      if (marks[at] !== mark) continue;
      const base = bitmap.data[at] ?? 0;
      bitmap.data[at] = Math.round(base + (value - base) * opacity);
    }
  }
  return rect;
}

function boundsOf(bitmap: Bitmap, marks: Uint8Array, mark: number): Rect | null {
  const { width, height } = bitmap;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y += 1) {
    const row = marks.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(mark);
    if (first < 0) continue;
    left = Math.min(left, first);
    right = Math.max(right, row.lastIndexOf(mark) + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  return pixelsIn(bitmap, left, top, right, bottom);
}
