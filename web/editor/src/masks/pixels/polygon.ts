/** Filling the inside of an outline. */

import { type Point, pixelsIn, type Rect } from "./bitmap";
import type { MaskHistory } from "./history";

const LINES = 4; // that are looked at in each row of pixels; across, edges are exact

interface Crossing {
  readonly x: number;
  /** 1 where the outline goes down, -1 where it goes up. */
  readonly turn: number;
}

/** Bring the inside of a closed outline `opacity` of the way to `value`; the region that changed. */
export function fillPolygon(
  history: MaskHistory,
  outline: readonly Point[],
  value: number,
  opacity: number,
): Rect | null {
  const { bitmap } = history;
  const xs = outline.map(({ x }) => x);
  const ys = outline.map(({ y }) => y);
  const rect = outline.length < 3 ? null : pixelsIn(bitmap, least(xs), least(ys), most(xs), most(ys));
  if (!rect) return null;
  history.touch(rect);
  const covered = new Float32Array(rect.width);
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    covered.fill(0);
    for (let line = 0; line < LINES; line += 1) {
      coverLine(covered, rect.x, crossingsAt(outline, y + (line + 0.5) / LINES));
    }
    const row = y * bitmap.width + rect.x;
    for (let x = 0; x < rect.width; x += 1) {
      const cover = Math.min(1, (covered[x] ?? 0) / LINES);
      if (cover === 0) continue;
      const base = bitmap.data[row + x] ?? 0;
      bitmap.data[row + x] = Math.round(base + (value - base) * cover * opacity);
    }
  }
  return rect;
}

/** Where a horizontal line meets the outline, from the left. */
function crossingsAt(outline: readonly Point[], y: number): readonly Crossing[] {
  const found: Crossing[] = [];
  let from = outline.at(-1);
  for (const to of outline) {
    if (from && from.y <= y !== to.y <= y) {
      found.push({ x: from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x), turn: to.y > from.y ? 1 : -1 });
    }
    from = to;
  }
  return found.sort((a, b) => a.x - b.x);
}

/** Add how much of each pixel lies inside on this line: wherever the outline goes around it at least once. */
function coverLine(covered: Float32Array, left: number, crossings: readonly Crossing[]): void {
  let turns = 0;
  let start = 0;
  for (const { x, turn } of crossings) {
    const before = turns;
    turns += turn;
    if (before === 0) start = x;
    else if (turns === 0) coverSpan(covered, start - left, x - left);
  }
}

function coverSpan(covered: Float32Array, from: number, to: number): void {
  const start = Math.max(0, from);
  const end = Math.min(covered.length, to);
  for (let x = Math.floor(start); x < end; x += 1) {
    covered[x] = (covered[x] ?? 0) + Math.min(end, x + 1) - Math.max(start, x);
  }
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}
