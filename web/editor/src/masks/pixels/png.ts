/** Masks as PNG files of one byte per pixel, written without a canvas, which would round transparent pixels. */

import type { Bitmap } from "./bitmap";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const INDEXED = 3; // PNG's colour type: a palette, here of black in 256 steps of transparency
const UP = 2; // PNG's row filter: the difference to the row above, which mostly is none
const BLOCK = 2 ** 20; // bytes that are compressed at a time

/** A picture that is transparent where the mask is 255 and opaque where it is 0, each value exact. */
export async function transparencyPng(bitmap: Bitmap): Promise<Blob> {
  const opacities = Uint8Array.from({ length: 256 }, (_, value) => 255 - value);
  const parts: BlobPart[] = [
    new Uint8Array(SIGNATURE),
    chunk("IHDR", header(bitmap)),
    chunk("PLTE", new Uint8Array(3 * 256)),
    chunk("tRNS", opacities),
  ];
  const reader = filteredRows(bitmap).pipeThrough(new CompressionStream("deflate")).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parts.push(chunk("IDAT", read.value));
  }
  parts.push(chunk("IEND", new Uint8Array(0)));
  return new Blob(parts, { type: "image/png" });
}

function header({ width, height }: Bitmap): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(13));
  bytes.setUint32(0, width);
  bytes.setUint32(4, height);
  bytes.setUint8(8, 8); // bits per pixel
  bytes.setUint8(9, INDEXED);
  return new Uint8Array(bytes.buffer);
}

/** The rows as PNG compresses them: each after the number of its filter. */
function filteredRows({ data, width, height }: Bitmap): ReadableStream<BufferSource> {
  const rows = Math.max(1, Math.floor(BLOCK / (width + 1)));
  let y = 0;
  return new ReadableStream({
    pull(controller) {
      if (y >= height) return controller.close();
      const count = Math.min(rows, height - y);
      const block = new Uint8Array(count * (width + 1));
      for (let row = 0; row < count; row += 1, y += 1) {
        const into = row * (width + 1);
        const from = y * width;
        block[into] = UP;
        for (let x = 0; x < width; x += 1) {
          block[into + 1 + x] = (data[from + x] ?? 0) - (y === 0 ? 0 : (data[from - width + x] ?? 0));
        }
      }
      controller.enqueue(block);
    },
  });
}

function chunk(type: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(
    [...type].map((letter) => letter.charCodeAt(0)),
    4,
  );
  bytes.set(content, 8);
  view.setUint32(content.length + 8, checksum(bytes.subarray(4, content.length + 8)));
  return bytes;
}

/** CRC-32 of each byte, as PNG's annex D defines it. */
const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

function checksum(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = (REMAINDERS[(rest ^ byte) & 255] ?? 0) ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}
