/** Small masks, drawn with characters. */

import { type Bitmap, createBitmap } from "../../src/masks/pixels/bitmap";
import { MaskHistory } from "../../src/masks/pixels/history";

/** `.` is 0, `#` is 255, and `1` to `9` are so many tenths. */
export function drawn(...rows: readonly string[]): Bitmap {
  const bitmap = createBitmap(rows[0]?.length ?? 0, rows.length);
  rows.forEach((row, y) => [...row].forEach((letter, x) => (bitmap.data[y * bitmap.width + x] = valueOf(letter))));
  return bitmap;
}

function valueOf(letter: string): number {
  if (letter === "#") return 255;
  return letter === "." ? 0 : Math.round(Number(letter) * 25.5);
}

/** The other way round, each pixel by its nearest tenth. */
export function rowsOf({ width, height, data }: Bitmap): string[] {
  return Array.from({ length: height }, (_, y) =>
    [...data.subarray(y * width, (y + 1) * width)].map((value) => ".123456789#"[Math.round(value / 25.5)]).join(""),
  );
}

export function historyOf(...rows: readonly string[]): MaskHistory {
  return new MaskHistory(drawn(...rows));
}

/** Numbers from 0 up to 1 that look random and are the same in every run. */
export function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A mask of any values. */
export function noisy(width: number, height: number, seed: number): Bitmap {
  const next = noise(seed);
  const bitmap = createBitmap(width, height);
  bitmap.data.forEach((_, at) => (bitmap.data[at] = Math.floor(next() * 256)));
  return bitmap;
}

/** Where two lists of pixels begin to differ; null: nowhere. (`toEqual` takes seconds for large ones.) */
export function difference(one: Uint8Array, other: Uint8Array): number | null {
  if (one.length !== other.length) return Math.min(one.length, other.length);
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? null : at;
}
