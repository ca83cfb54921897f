/** Where picture files other than PNG keep their Exif data. */

import { latin1, viewOf } from "./texts";

/** WEBP: a RIFF chunk EXIF. */
export function isWebp(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(0, 4)) === "RIFF" && latin1(bytes.subarray(8, 12)) === "WEBP";
}

export function webpExif(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  let at = 12;
  while (at + 8 <= bytes.length) {
    const length = view.getUint32(at + 4, true);
    if (latin1(bytes.subarray(at, at + 4)) === "EXIF") return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (length % 2);
  }
  return undefined;
}

/** JPEG: segments APP1 that begin with `Exif`. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8;
}

export function jpegExif(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xda) break; // The picture itself begins.
    const length = view.getUint16(at + 2);
    const data = bytes.subarray(at + 4, at + 2 + length);
    if (marker === 0xe1 && latin1(data.subarray(0, 4)) === "Exif") return data;
    at += 2 + length;
  }
  return undefined;
}

/** AVIF: an ISO base media file whose brand says so. */
export function isAvif(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(4, 8)) === "ftyp" && /avi[fs]|mif1/.test(latin1(bytes.subarray(8, 32)));
}

/**
 * The Exif item of an AVIF file. Its place is told by several tables (ISO/IEC 14496-12, 8.11); the item itself begins
 * with the offset of a TIFF header, so that header is looked for instead, and what follows it is tried.
 */
export function avifExif(bytes: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = bytes.indexOf(0x45); at >= 0 && found.length < 4; at = bytes.indexOf(0x45, at + 1)) {
    if (latin1(bytes.subarray(at, at + 6)) === "Exif\0\0") found.push(bytes.subarray(at + 6));
  }
  for (const header of ["II*\0", "MM\0*"]) {
    const place = indexOfText(bytes, header);
    if (place >= 0) found.push(bytes.subarray(place));
  }
  return found;
}

function indexOfText(bytes: Uint8Array, text: string): number {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (latin1(bytes.subarray(at, at + text.length)) === text) return at;
  }
  return -1;
}
