/** Changes of each pixel by its own value alone. */

import { type Rect, wholeOf } from "./bitmap";
import type { MaskHistory } from "./history";

/** What each value becomes. */
export type Levels = (value: number) => number;

export const INVERTED: Levels = (value) => 255 - value;
export const CLEARED: Levels = () => 0;
export const FILLED: Levels = () => 255;

/** Either nothing or all: 255 from `least` on. */
export function threshold(least: number): Levels {
  return (value) => (value >= least ? 255 : 0);
}

/** Change the whole mask; the region that changed. */
export function mapLevels(history: MaskHistory, levels: Levels): Rect {
  const { bitmap } = history;
  const rect = wholeOf(bitmap);
  history.touch(rect);
  const table = Uint8Array.from({ length: 256 }, (_, value) => levels(value));
  const { data } = bitmap;
  for (let at = 0; at < data.length; at += 1) data[at] = table[data[at] ?? 0] ?? 0;
  return rect;
}
