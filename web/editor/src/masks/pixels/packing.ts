/** Pixels kept in little room: as runs where that is shorter, which masks with clear edges are. */

export interface Packed {
  readonly length: number;
  /** `bytes` are pairs of a run's length less one and its value; else the pixels themselves. */
  readonly isRuns: boolean;
  readonly bytes: Uint8Array;
}

const LONGEST = 256;

export function pack(pixels: Uint8Array): Packed {
  const runs = new Uint8Array(pixels.length);
  let used = 0;
  let at = 0;
  while (at < pixels.length) {
    if (used + 2 > runs.length) return { length: pixels.length, isRuns: false, bytes: pixels.slice() };
    const value = pixels[at] ?? 0;
    const limit = Math.min(pixels.length, at + LONGEST);
    let end = at + 1;
    while (end < limit && pixels[end] === value) end += 1;
    runs[used] = end - at - 1;
    runs[used + 1] = value;
    used += 2;
    at = end;
  }
  return { length: pixels.length, isRuns: true, bytes: runs.slice(0, used) };
}

export function unpack({ length, isRuns, bytes }: Packed): Uint8Array {
  if (!isRuns) return bytes;
  const pixels = new Uint8Array(length);
  let at = 0;
  for (let run = 0; run < bytes.length; run += 2) {
    const end = at + (bytes[run] ?? 0) + 1;
    pixels.fill(bytes[run + 1] ?? 0, at, end);
    at = end;
  }
  return pixels;
}

export function isSame(a: Packed, b: Packed): boolean {
  return (
    a.isRuns === b.isRuns && a.bytes.length === b.bytes.length && a.bytes.every((byte, at) => byte === b.bytes[at])
  );
}
