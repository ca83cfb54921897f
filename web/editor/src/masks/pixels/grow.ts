/** Growing and shrinking: each pixel takes the most (or least) masked value within a circle around it. */

import { type Bitmap, type Rect, union, widened, wholeOf } from "./bitmap";
import type { MaskHistory } from "./history";
import { eachTile, tileRect, tilesAcross } from "./tiles";

/** Grow what is masked by so many pixels (fewer than none: shrink it). The region that changed; null: nothing did. */
export function grow(history: MaskHistory, pixels: number): Rect | null {
  const { bitmap } = history;
  const radius = Math.abs(Math.round(pixels));
  if (radius === 0) return null;
  const flip = pixels < 0 ? 255 : 0; // shrinking is growing of what is not masked
  const source: Bitmap = {
    ...bitmap,
    data: flip === 0 ? bitmap.data.slice() : bitmap.data.map((value) => 255 - value),
  };
  const ranges = rangesOf(source);
  const steps = circleSteps(radius);
  let changed: Rect | null = null;
  eachTile(bitmap, wholeOf(bitmap), (tile) => {
    const rect = tileRect(bitmap, tile);
    if (!canGrow(source, ranges, tile, radius)) return;
    history.touch(rect);
    growTile(bitmap, source, rect, steps, radius, flip);
    changed = union(changed, rect);
  });
  return changed;
}

interface Ranges {
  readonly least: Uint8Array;
  readonly most: Uint8Array;
}

/** The least and the most masked value of each tile. */
function rangesOf(bitmap: Bitmap): Ranges {
  const count = tilesAcross(bitmap) * tilesAcross({ ...bitmap, width: bitmap.height });
  const least = new Uint8Array(count).fill(255);
  const most = new Uint8Array(count);
  eachTile(bitmap, wholeOf(bitmap), (tile) => {
    const { x, y, width, height } = tileRect(bitmap, tile);
    let low = 255;
    let high = 0;
    for (let row = y; row < y + height; row += 1) {
      const start = row * bitmap.width + x;
      for (let at = start; at < start + width; at += 1) {
        const value = bitmap.data[at] ?? 0;
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    least[tile] = low;
    most[tile] = high;
  });
  return { least, most };
}

/** Whether anything near a tile is more masked than something in it. */
function canGrow(bitmap: Bitmap, { least, most }: Ranges, tile: number, radius: number): boolean {
  const around = widened(bitmap, tileRect(bitmap, tile), radius);
  const own = least[tile] ?? 0;
  let found = false;
  if (around) eachTile(bitmap, around, (near) => (found ||= (most[near] ?? 0) > own));
  return found;
}

/** How far a circle reaches to the sides in the rows above and below its middle, by how far away they are. */
function circleSteps(radius: number): readonly number[] {
  return Array.from({ length: radius + 1 }, (_, away) => Math.floor(Math.sqrt(radius * radius - away * away)));
}

/**
 * Grow one tile. The rows of a circle are widest in its middle, so it is built from its top and bottom inwards: what
 * each row of the source spreads to the sides only ever grows, and is added to the rows that are so far away.
 */
function growTile(
  bitmap: Bitmap,
  source: Bitmap,
  rect: Rect,
  steps: readonly number[],
  radius: number,
  flip: number,
): void {
  const around = widened(source, rect, radius) ?? rect;
  const wide = new Uint8Array(rect.width * around.height);
  const result = new Uint8Array(rect.width * rect.height);
  let reached = -1;
  for (let away = radius; away >= 0; away -= 1) {
    const reach = steps[away] ?? 0;
    while (reached < reach) {
      reached += 1;
      spreadRows(source, rect, around, wide, reached);
    }
    for (const offset of away === 0 ? [0] : [-away, away]) addRows(result, wide, rect, around, offset);
  }
  for (let row = 0; row < rect.height; row += 1) {
    const start = (rect.y + row) * bitmap.width + rect.x;
    for (let x = 0; x < rect.width; x += 1) {
      bitmap.data[start + x] = Math.abs(flip - (result[row * rect.width + x] ?? 0));
    }
  }
}

/** Let every row take what lies exactly `reach` pixels to its left and right. */
function spreadRows(source: Bitmap, rect: Rect, around: Rect, wide: Uint8Array, reach: number): void {
  const last = source.width - 1;
  for (let row = 0; row < around.height; row += 1) {
    const start = (around.y + row) * source.width;
    const into = row * rect.width;
    for (let x = 0; x < rect.width; x += 1) {
      const left = rect.x + x - reach;
      const right = rect.x + x + reach;
      const a = source.data[start + (left < 0 ? 0 : left)] ?? 0;
      const b = source.data[start + (right > last ? last : right)] ?? 0;
      const more = a > b ? a : b;
      if (more > (wide[into + x] ?? 0)) wide[into + x] = more;
    }
  }
}

/** Let every pixel of the result take the spread row that is `offset` rows below its own. */
function addRows(result: Uint8Array, wide: Uint8Array, rect: Rect, around: Rect, offset: number): void {
  for (let row = 0; row < rect.height; row += 1) {
    const other = rect.y + row + offset - around.y;
    if (other < 0 || other >= around.height) continue;
    const from = other * rect.width;
    const into = row * rect.width;
    for (let x = 0; x < rect.width; x += 1) {
      const value = wide[from + x] ?? 0;
      if (value > (result[into + x] ?? 0)) result[into + x] = value;
    }
  }
}
