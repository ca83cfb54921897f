/** Softening: a Gaussian blur, first along rows, then along columns. */

import { type Bitmap, contentOf, type Rect, widened } from "./bitmap";
import type { MaskHistory } from "./history";

const EXACT = 2; // pixels: below this sigma the bell curve itself is used, above it three means, which cost the same
const COLUMNS = 32; // that are blurred together, so that memory is read in its order

/** Blurs one line in place; `spare` is as long. */
type LineBlur = (line: Float64Array, spare: Float64Array, length: number) => void;

/** Soften the mask: edges fade over about `pixels` on both sides. The region that changed; null: nothing is masked. */
export function soften(history: MaskHistory, pixels: number): Rect | null {
  const { bitmap } = history;
  const content = contentOf(bitmap);
  const sigma = pixels / 2;
  const rect = content && sigma > 0 ? widened(bitmap, content, Math.ceil(3 * sigma) + 1) : null;
  if (!rect) return null;
  history.touch(rect);
  const blur = sigma < EXACT ? bell(sigma) : means(sigma);
  blurRows(bitmap, rect, blur);
  blurColumns(bitmap, rect, blur);
  return rect;
}

function blurRows({ data, width }: Bitmap, rect: Rect, blur: LineBlur): void {
  const line = new Float64Array(rect.width);
  const spare = new Float64Array(rect.width);
  for (let y = rect.y; y < rect.y + rect.height; y += 1) {
    const start = y * width + rect.x;
    const row = data.subarray(start, start + rect.width);
    if (isEven(row)) continue;
    line.set(row);
    blur(line, spare, rect.width);
    for (let x = 0; x < rect.width; x += 1) row[x] = Math.round(line[x] ?? 0);
  }
}

function blurColumns({ data, width }: Bitmap, rect: Rect, blur: LineBlur): void {
  const { height } = rect;
  const lines = new Float64Array(COLUMNS * height);
  const spare = new Float64Array(height);
  for (let left = rect.x; left < rect.x + rect.width; left += COLUMNS) {
    const count = Math.min(COLUMNS, rect.x + rect.width - left);
    for (let y = 0; y < height; y += 1) {
      const start = (rect.y + y) * width + left;
      for (let column = 0; column < count; column += 1) lines[column * height + y] = data[start + column] ?? 0;
    }
    for (let column = 0; column < count; column += 1) {
      const line = lines.subarray(column * height, (column + 1) * height);
      if (!isEven(line)) blur(line, spare, height);
    }
    for (let y = 0; y < height; y += 1) {
      const start = (rect.y + y) * width + left;
      for (let column = 0; column < count; column += 1)
        data[start + column] = Math.round(lines[column * height + y] ?? 0);
    }
  }
}

/** Whether all values are the same, so that there is nothing to blur. */
function isEven(line: Uint8Array | Float64Array): boolean {
  const first = line[0];
  for (let at = 1; at < line.length; at += 1) if (line[at] !== first) return false;
  return true;
}

/** The bell curve's own weights. Beyond its ends a line goes on as it ends. */
function bell(sigma: number): LineBlur {
  const reach = Math.ceil(3 * sigma);
  const raw = Float64Array.from({ length: reach + 1 }, (_, away) => Math.exp(-(away * away) / (2 * sigma * sigma)));
  const total = raw.reduce((sum, weight) => sum + 2 * weight, -(raw[0] ?? 0));
  const weights = raw.map((weight) => weight / total);
  return (line, spare, length) => {
    for (let at = 0; at < length; at += 1) {
      let sum = (line[at] ?? 0) * (weights[0] ?? 0);
      for (let away = 1; away <= reach; away += 1) {
        const pair = (line[Math.max(0, at - away)] ?? 0) + (line[Math.min(length - 1, at + away)] ?? 0);
        sum += pair * (weights[away] ?? 0);
      }
      spare[at] = sum;
    }
    line.set(spare.subarray(0, length));
  };
}

/** Three moving means one after another, whose widths give the spread of the bell curve. */
function means(sigma: number): LineBlur {
  const ideal = Math.sqrt(4 * sigma * sigma + 1);
  const lower = Math.floor((ideal - 1) / 2); // reach of the narrower mean
  const width = 2 * lower + 1;
  const narrow = Math.round((12 * sigma * sigma - 3 * width * width - 12 * width - 9) / (-4 * width - 4));
  const reaches = [0, 1, 2].map((pass) => (pass < narrow ? lower : lower + 1));
  return (line, spare, length) => {
    for (const reach of reaches) {
      movingMean(line, spare, length, reach);
      line.set(spare.subarray(0, length));
    }
  };
}

function movingMean(line: Float64Array, into: Float64Array, length: number, reach: number): void {
  const first = line[0] ?? 0;
  const last = line[length - 1] ?? 0;
  const share = 1 / (2 * reach + 1);
  let sum = first * reach;
  for (let at = 0; at <= reach; at += 1) sum += at < length ? (line[at] ?? 0) : last;
  for (let at = 0; at < length; at += 1) {
    into[at] = sum * share;
    sum +=
      (at + reach + 1 < length ? (line[at + reach + 1] ?? 0) : last) -
      (at - reach >= 0 ? (line[at - reach] ?? 0) : first);
  }
}
