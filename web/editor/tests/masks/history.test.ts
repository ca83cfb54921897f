import { describe, expect, it } from "vitest";
import { createBitmap, type Rect } from "../../src/masks/pixels/bitmap";
import { MaskHistory } from "../../src/masks/pixels/history";
import { isSame, pack, unpack } from "../../src/masks/pixels/packing";
import { readTile, TILE, writeTile } from "../../src/masks/pixels/tiles";
import { difference, noise, noisy } from "./helpers";

describe("packing", () => {
  it.each([
    ["nothing", new Uint8Array(0)],
    ["one value", new Uint8Array(16384).fill(7)],
    ["noise", noisy(100, 100, 1).data],
    ["runs longer than 256", Uint8Array.from({ length: 1000 }, (_, at) => (at < 700 ? 1 : 2))],
    ["pairs", Uint8Array.from({ length: 999 }, (_, at) => (at >> 1) & 255)],
  ])("gives %s back", (_name, pixels) => {
    const packed = pack(pixels);
    expect(difference(unpack(packed), pixels)).toBeNull();
    expect(packed.bytes.length).toBeLessThanOrEqual(pixels.length);
    expect(isSame(packed, pack(pixels.slice()))).toBe(true);
  });
  it("takes little room for clear masks", () => {
    expect(pack(new Uint8Array(TILE * TILE)).bytes.length).toBe(128);
  });
});

describe("tiles", () => {
  it("at the edges are as small as what is left", () => {
    const bitmap = noisy(TILE + 3, TILE + 5, 2);
    const last = readTile(bitmap, 3);
    expect(last.length).toBe(15);
    const other = createBitmap(bitmap.width, bitmap.height);
    for (let tile = 0; tile < 4; tile += 1) writeTile(other, tile, readTile(bitmap, tile));
    expect(difference(other.data, bitmap.data)).toBeNull();
    expect(() => readTile(bitmap, 4)).toThrow(RangeError);
  });
});

/** Change a random region in some way. */
function scribble(history: MaskHistory, next: () => number): void {
  const { width, height, data } = history.bitmap;
  const x = Math.floor(next() * width);
  const y = Math.floor(next() * height);
  const rect: Rect = {
    x,
    y,
    width: 1 + Math.floor(next() * (width - x)),
    height: 1 + Math.floor(next() * (height - y)),
  };
  history.touch(rect);
  for (let row = rect.y; row < rect.y + rect.height; row += 1) {
    for (let at = row * width + rect.x; at < row * width + rect.x + rect.width; at += 1)
      data[at] = Math.floor(next() * 256);
  }
}

describe("the history", () => {
  it("goes back and forth through any steps, each pixel as it was", () => {
    const next = noise(3);
    const history = new MaskHistory(noisy(300, 200, 4));
    const states: { readonly id: number; readonly data: Uint8Array }[] = [];
    const remember = () => states.push({ id: history.state, data: history.bitmap.data.slice() });
    remember();
    for (let step = 0; step < 12; step += 1) {
      scribble(history, next);
      expect(history.commit()).toBe(true);
      remember();
    }
    for (const direction of [-1, 1, -1] as const) {
      const order = direction < 0 ? states.slice(0, -1).reverse() : states.slice(1);
      for (const { id, data } of order) {
        expect(direction < 0 ? history.undo() : history.redo()).not.toBeNull();
        expect(history.state).toBe(id);
        expect(difference(history.bitmap.data, data)).toBeNull();
      }
    }
    expect(history.canUndo).toBe(false);
    expect(history.undo()).toBeNull();
  });

  it("keeps no step that changed nothing, and only the tiles that changed", () => {
    const history = new MaskHistory(createBitmap(1000, 1000));
    history.touch({ x: 0, y: 0, width: 1000, height: 1000 });
    expect(history.commit()).toBe(false);
    expect(history.canUndo).toBe(false);
    history.touch({ x: 0, y: 0, width: 1000, height: 1000 });
    history.bitmap.data[0] = 1;
    history.commit();
    expect(history.undo()).toEqual({ x: 0, y: 0, width: TILE, height: TILE });
  });

  it("takes an unfinished step back", () => {
    const history = new MaskHistory(noisy(200, 200, 5));
    const before = history.bitmap.data.slice();
    scribble(history, noise(6));
    expect(history.rollback()).not.toBeNull();
    expect(difference(history.bitmap.data, before)).toBeNull();
    expect(history.canUndo).toBe(false);
  });

  it("forgets what was undone once something else is done", () => {
    const history = new MaskHistory(createBitmap(10, 10));
    for (const value of [1, 2]) {
      history.touch({ x: 0, y: 0, width: 1, height: 1 });
      history.bitmap.data[0] = value;
      history.commit();
    }
    history.undo();
    const between = history.state;
    history.touch({ x: 1, y: 0, width: 1, height: 1 });
    history.bitmap.data[1] = 9;
    history.commit();
    expect(history.canRedo).toBe(false);
    expect(history.state).not.toBe(between);
  });

  it("forgets the oldest steps past its budget, never the last one, and never says that it is at the beginning", () => {
    const history = new MaskHistory(createBitmap(TILE, TILE), 20_000);
    const next = noise(7);
    const beginning = history.state;
    for (let step = 0; step < 5; step += 1) {
      history.touch({ x: 0, y: 0, width: TILE, height: TILE });
      history.bitmap.data.forEach((_, at) => (history.bitmap.data[at] = Math.floor(next() * 256)));
      history.commit();
    }
    let steps = 0;
    while (history.undo()) steps += 1;
    expect(steps).toBe(1);
    expect(history.state).not.toBe(beginning);
  });
});
