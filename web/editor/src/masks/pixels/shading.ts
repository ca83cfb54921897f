/** What a mask looks like on the screen: a colour over the picture, or grey by itself. */

import type { Bitmap, Rect } from "./bitmap";
import type { View } from "./view";

/** The colour of each value of a mask, as the pixels of canvases are kept. */
export type Shades = Uint32Array<ArrayBuffer>;

/** A colour (`#rrggbb`) that covers the picture up to `opacity` (0 to 1) where it is masked. */
export function overlayShades(colour: string, opacity: number): Shades {
  const number = Number.parseInt(colour.slice(1), 16);
  return shades((value) => [number >> 16, (number >> 8) & 255, number & 255, Math.round(value * opacity)]);
}

/** The mask alone: white where it masks, black where it does not. */
export function greyShades(): Shades {
  return shades((value) => [value, value, value, 255]);
}

function shades(colourOf: (value: number) => readonly [number, number, number, number]): Shades {
  const bytes = new Uint8Array(4 * 256);
  for (let value = 0; value < 256; value += 1) bytes.set(colourOf(value), 4 * value);
  return new Uint32Array(bytes.buffer);
}

/**
 * Draw the part of a mask that a region of the screen shows into its pixels; outside the mask they stay clear.
 *
 * Made larger, pixels keep their edges; made smaller, four of those under a pixel of the screen are mixed.
 */
export function shade(bitmap: Bitmap, view: View, part: Rect, colours: Shades, pixels: Uint32Array): void {
  const spread = view.scale < 1 ? 0.25 : 0;
  const [left, right] = [-spread, spread].map((by) => places(part.x, part.width, view.x, view.scale, bitmap.width, by));
  const [above, below] = [-spread, spread].map((by) =>
    places(part.y, part.height, view.y, view.scale, bitmap.height, by),
  );
  if (!left || !right || !above || !below) return;
  const { data, width } = bitmap;
  for (let y = 0; y < part.height; y += 1) {
    const [first, second] = [above[y] ?? -1, below[y] ?? -1];
    if (first < 0 || second < 0) continue;
    const [upper, lower, into] = [first * width, second * width, y * part.width];
    for (let x = 0; x < part.width; x += 1) {
      const a = left[x] ?? -1;
      const b = right[x] ?? -1;
      if (a < 0 || b < 0) continue;
      const value =
        spread === 0
          ? (data[upper + a] ?? 0)
          : ((data[upper + a] ?? 0) + (data[upper + b] ?? 0) + (data[lower + a] ?? 0) + (data[lower + b] ?? 0) + 2) >>
            2;
      pixels[into + x] = colours[value] ?? 0;
    }
  }
}

/** For each pixel of the screen, which pixel of the mask it shows; -1 for none. */
function places(start: number, count: number, origin: number, scale: number, size: number, by: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => {
    const place = Math.floor((start + index + 0.5 + by - origin) / scale);
    return place >= 0 && place < size ? place : -1;
  });
}
