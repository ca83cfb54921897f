/** Squares of a bitmap: undoing remembers those that changed, not whole bitmaps. */

import { type Bitmap, pixelsIn, type Rect } from "./bitmap";

export const TILE = 128; // pixels at each side; those at the right and bottom edge may be smaller

export function tilesAcross({ width }: Bitmap): number {
  return Math.ceil(width / TILE);
}

/** Visit the numbers of the tiles that a region touches. */
export function eachTile(bitmap: Bitmap, { x, y, width, height }: Rect, visit: (tile: number) => void): void {
  const across = tilesAcross(bitmap);
  const right = Math.floor((x + width - 1) / TILE);
  const bottom = Math.floor((y + height - 1) / TILE);
  for (let row = Math.floor(y / TILE); row <= bottom; row += 1) {
    for (let column = Math.floor(x / TILE); column <= right; column += 1) visit(row * across + column);
  }
}

/** Where a tile is. */
export function tileRect(bitmap: Bitmap, tile: number): Rect {
  const across = tilesAcross(bitmap);
  const x = (tile % across) * TILE;
  const y = Math.floor(tile / across) * TILE;
  const rect = pixelsIn(bitmap, x, y, x + TILE, y + TILE);
  if (!rect) throw new RangeError(`There is no tile ${tile} in a mask of ${bitmap.width} x ${bitmap.height} pixels.`);
  return rect;
}

/** A copy of a tile's pixels. */
export function readTile(bitmap: Bitmap, tile: number): Uint8Array {
  const { x, y, width, height } = tileRect(bitmap, tile);
  const pixels = new Uint8Array(width * height);
  for (let row = 0; row < height; row += 1) {
    const start = (y + row) * bitmap.width + x;
    pixels.set(bitmap.data.subarray(start, start + width), row * width);
  }
  return pixels;
}

export function writeTile(bitmap: Bitmap, tile: number, pixels: Uint8Array): void {
  const { x, y, width, height } = tileRect(bitmap, tile);
  for (let row = 0; row < height; row += 1) {
    bitmap.data.set(pixels.subarray(row * width, (row + 1) * width), (y + row) * bitmap.width + x);
  }
}
