/**
 * Texts in Exif data, which is a TIFF file of its own (Exif 2.32, 4.5.2). ComfyUI writes `workflow:{...}` and
 * `prompt:{...}` into the tags from 0x010e on; others write JSON into the user comment.
 */

import { latin1, lenient, viewOf } from "./texts";

const USER_COMMENT = 0x9286;
const SUB_DIRECTORY = 0x8769;
/** Sizes of TIFF's types in bytes, by number. */
const TYPE_SIZES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 7: 1 };
const MOST_DIRECTORIES = 8;

/** All texts of the Exif data in `bytes`, with or without the header `Exif\0\0` before it. */
export function exifTexts(bytes: Uint8Array): string[] {
  const data = latin1(bytes.subarray(0, 4)) === "Exif" ? bytes.subarray(6) : bytes;
  const order = latin1(data.subarray(0, 2));
  if ((order !== "II" && order !== "MM") || data.length < 8) return [];
  const little = order === "II";
  const view = viewOf(data);
  const texts: string[] = [];
  const directories = [view.getUint32(4, little)];
  for (const at of directories) {
    if (directories.length > MOST_DIRECTORIES || at + 2 > data.length) break;
    const count = view.getUint16(at, little);
    for (let entry = 0; entry < count; entry += 1) {
      const place = at + 2 + entry * 12;
      if (place + 12 > data.length) return texts;
      readEntry(data, view, place, little, texts, directories);
    }
  }
  return texts;
}

function readEntry(
  data: Uint8Array,
  view: DataView,
  place: number,
  little: boolean,
  texts: string[],
  directories: number[],
): void {
  const tag = view.getUint16(place, little);
  const type = view.getUint16(place + 2, little);
  const length = view.getUint32(place + 4, little) * (TYPE_SIZES[type] ?? 0);
  if (tag === SUB_DIRECTORY) directories.push(view.getUint32(place + 8, little));
  if (type !== 1 && type !== 2 && type !== 7) return;
  const from = length <= 4 ? place + 8 : view.getUint32(place + 8, little);
  if (from + length > data.length) return;
  texts.push(
    tag === USER_COMMENT
      ? comment(data.subarray(from, from + length), little)
      : lenient(data.subarray(from, from + length)),
  );
}

/** A user comment begins with eight bytes that name its encoding. */
function comment(bytes: Uint8Array, little: boolean): string {
  const encoding = latin1(bytes.subarray(0, 8));
  const rest = bytes.subarray(8);
  if (encoding.startsWith("UNICODE")) return new TextDecoder(little ? "utf-16le" : "utf-16be").decode(rest);
  return /^(ASCII|\0{8})/.test(encoding) ? lenient(rest) : lenient(bytes);
}
