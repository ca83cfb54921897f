/** Masks as pixels: one byte each, 0 where the picture is kept and 255 where it is masked. */

export interface Bitmap {
  readonly width: number;
  readonly height: number;
  /** Row by row from the top. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Whole pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** In pixels of the picture; the middle of its first pixel is 0.5, 0.5. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export function createBitmap(width: number, height: number, value = 0): Bitmap {
  return { width, height, data: new Uint8Array(width * height).fill(value) };
}

export function wholeOf({ width, height }: Bitmap): Rect {
  return { x: 0, y: 0, width, height };
}

/** The whole pixels that a region touches; null for those outside. */
export function pixelsIn(bitmap: Bitmap, left: number, top: number, right: number, bottom: number): Rect | null {
  const x = Math.max(0, Math.floor(left));
  const y = Math.max(0, Math.floor(top));
  const width = Math.min(bitmap.width, Math.ceil(right)) - x;
  const height = Math.min(bitmap.height, Math.ceil(bottom)) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** A region with so many pixels more on each side, within the bitmap. */
export function widened(bitmap: Bitmap, { x, y, width, height }: Rect, by: number): Rect | null {
  return pixelsIn(bitmap, x - by, y - by, x + width + by, y + height + by);
}

/** The smallest region around two. */
export function union(a: Rect | null, b: Rect | null): Rect | null {
  if (!a || !b) return a ?? b;
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const right = Math.max(a.x + a.width, b.x + b.width);
  const bottom = Math.max(a.y + a.height, b.y + b.height);
  return { x, y, width: right - x, height: bottom - y };
}

/** What two regions have in common. */
export function common(a: Rect, b: Rect): Rect | null {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** The smallest region that holds everything masked; null when nothing is. */
export function contentOf({ width, height, data }: Bitmap): Rect | null {
  const first = data.findIndex((value) => value !== 0);
  if (first < 0) return null;
  let last = data.length - 1;
  while (data[last] === 0) last -= 1;
  const top = Math.floor(first / width);
  const bottom = Math.floor(last / width) + 1;
  let left = width;
  let right = 0;
  for (let y = top; y < bottom && y < height; y += 1) {
    const start = y * width;
    let x = 0;
    while (x < left && data[start + x] === 0) x += 1;
    left = Math.min(left, x);
    x = width;
    while (x > right && data[start + x - 1] === 0) x -= 1;
    right = Math.max(right, x);
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}
