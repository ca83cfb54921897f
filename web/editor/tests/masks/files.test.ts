import { describe, expect, it } from "vitest";
import type { Bitmap } from "../../src/masks/pixels/bitmap";
import { createBitmap } from "../../src/masks/pixels/bitmap";
import { transparencyPng } from "../../src/masks/pixels/png";
import { maskedName } from "../../src/masks/saving";
import { DEFAULTS, fittingBrush, readSettings, writeSettings } from "../../src/masks/settings";
import { difference, noisy } from "./helpers";

interface Chunk {
  readonly type: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

async function chunksOf(blob: Blob): Promise<Chunk[]> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const chunks: Chunk[] = [];
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, content: bytes.slice(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

/** The values that a PNG of a mask holds, as its rows are filtered. */
async function readBack(blob: Blob, width: number): Promise<Uint8Array> {
  const parts = (await chunksOf(blob)).filter(({ type }) => type === "IDAT").map(({ content }) => content);
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const rows = new Uint8Array(await new Response(stream).arrayBuffer());
  const height = rows.length / (width + 1);
  const values = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    if (rows[y * (width + 1)] !== 2) throw new Error(`Row ${y} has another filter.`);
    for (let x = 0; x < width; x += 1) {
      const above = y === 0 ? 0 : (values[(y - 1) * width + x] ?? 0);
      values[y * width + x] = (rows[y * (width + 1) + 1 + x] ?? 0) + above;
    }
  }
  return values;
}

describe("the PNG of a mask", () => {
  const masks: readonly [string, Bitmap][] = [
    ["one pixel", createBitmap(1, 1, 255)],
    ["noise", noisy(67, 45, 1)],
    ["more rows than are compressed at a time", noisy(2000, 700, 2)],
  ];
  it.each(masks)("holds each value: %s", async (_name, mask) => {
    expect(difference(await readBack(await transparencyPng(mask), mask.width), mask.data)).toBeNull();
  });
  it("makes masked pixels transparent by its palette", async () => {
    const chunks = await chunksOf(await transparencyPng(createBitmap(3, 2)));
    expect([...new Set(chunks.map(({ type }) => type))]).toEqual(["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]);
    const [header, , transparency] = chunks;
    expect([...(header?.content ?? [])]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 0, 0]);
    expect(transparency?.content[0]).toBe(255);
    expect(transparency?.content[255]).toBe(0);
  });
});

describe("the name of a masked picture", () => {
  it.each([
    ["cat.jpg", "cat-masked.png"],
    ["cat-masked.png", "cat-masked.png"],
    ["cat-masked (12).png", "cat-masked.png"],
    ["my.best.cat.webp", "my.best.cat-masked.png"],
    [".png", "picture-masked.png"],
    ["noextension", "noextension-masked.png"],
  ])("of %s is %s", (name, wanted) => expect(maskedName(name)).toBe(wanted));
});

function storage(start: string | null): Storage {
  let kept = start;
  return { getItem: () => kept, setItem: (_key: string, text: string) => void (kept = text) } as unknown as Storage;
}

describe("the settings", () => {
  it("are those of last time, but every mask begins with painting and both in view", () => {
    const kept = storage(null);
    writeSettings(kept, { ...DEFAULTS, size: 17, tool: "lasso", erases: true, look: "mask" });
    expect(readSettings(kept)).toEqual({ ...DEFAULTS, size: 17, tool: "lasso" });
  });
  it.each([null, "", "{", "[]", "7", "null", '{"size":"x","tool":"saw","colour":"red","compares":3}'])(
    "are the usual ones where nothing sensible is kept: %s",
    (text) => expect(readSettings(storage(text))).toEqual(DEFAULTS),
  );
  it("stay within their ranges", () => {
    expect(readSettings(storage('{"size":1e9,"opacity":-4}'))).toMatchObject({ size: 1000, opacity: 1 });
  });
});

describe("the first brush", () => {
  it.each([
    [60, 128, 10],
    [60, 1024, 60],
    [200, 512, 41],
    [60, 4, 1],
  ])("of %i px for a picture of %i px has %i px", (size, side, fitting) => {
    expect(fittingBrush(size, side)).toBe(fitting);
  });
});
