import { describe, expect, it } from "vitest";
import { createBitmap, type Point } from "../../src/masks/pixels/bitmap";
import { MaskHistory } from "../../src/masks/pixels/history";
import { fillPolygon } from "../../src/masks/pixels/polygon";
import { SmoothPath } from "../../src/masks/pixels/smooth_path";
import { type Brush, type Dab, Stroke } from "../../src/masks/pixels/stroke";
import { historyOf, rowsOf } from "./helpers";

const HARD: Brush = { hardness: 1, opacity: 1, value: 255 };

function stroked(size: number, brush: Brush, places: readonly Dab[], before = 0): MaskHistory {
  const history = new MaskHistory(createBitmap(size, size, before));
  const stroke = new Stroke(history, brush);
  places.forEach((place, at) => stroke.segment(places[at - 1] ?? place, place));
  return history;
}

function valueAt({ bitmap }: MaskHistory, x: number, y: number): number {
  return bitmap.data[y * bitmap.width + x] ?? -1;
}

describe("a stroke", () => {
  it("covers as many pixels as its circle has", () => {
    const { bitmap } = stroked(60, HARD, [{ x: 30, y: 30, radius: 20 }]);
    const covered = bitmap.data.reduce((sum, value) => sum + value, 0) / 255;
    expect(covered / (Math.PI * 400)).toBeCloseTo(1, 2);
  });
  it("is a band without gaps between two places far apart, over the edges of tiles", () => {
    const history = stroked(400, HARD, [
      { x: 20, y: 200.5, radius: 3 },
      { x: 380, y: 200.5, radius: 3 },
    ]);
    for (let x = 20; x < 380; x += 1) {
      expect(valueAt(history, x, 200)).toBe(255);
      expect(valueAt(history, x, 205)).toBe(0);
    }
  });
  it("does not add up where it crosses itself", () => {
    const half = { ...HARD, opacity: 0.5 };
    const places = [10, 40, 10, 40].map((x) => ({ x, y: 25, radius: 5 }));
    expect(valueAt(stroked(50, half, places), 25, 25)).toBe(128);
  });
  it("adds up with the one before", () => {
    const history = stroked(50, { ...HARD, opacity: 0.5 }, [{ x: 25, y: 25, radius: 5 }]);
    history.commit();
    new Stroke(history, { ...HARD, opacity: 0.5 }).segment({ x: 25, y: 25, radius: 5 }, { x: 25, y: 25, radius: 5 });
    expect(valueAt(history, 25, 25)).toBe(192);
  });
  it("fades evenly from its hard middle to its edge", () => {
    const history = stroked(100, { ...HARD, hardness: 0.5 }, [{ x: 50.5, y: 50.5, radius: 40 }]);
    const values = Array.from({ length: 50 }, (_, x) => valueAt(history, 50 + x, 50));
    expect(values.slice(0, 20)).toEqual(Array(20).fill(255));
    for (let at = 21; at < 41; at += 1) expect(values[at]).toBeLessThan(values[at - 1] ?? 0);
    expect(values[30]).toBeGreaterThan(110);
    expect(values[30]).toBeLessThan(145);
    expect(values[41]).toBe(0);
  });
  it("erases as it paints", () => {
    const history = stroked(20, { ...HARD, value: 0 }, [{ x: 10, y: 10, radius: 4 }], 255);
    expect(valueAt(history, 10, 10)).toBe(0);
    expect(valueAt(history, 1, 1)).toBe(255);
  });
  it("becomes wider on its way", () => {
    const history = stroked(100, HARD, [
      { x: 10, y: 50, radius: 1 },
      { x: 90, y: 50, radius: 20 },
    ]);
    const width = (x: number) => Array.from({ length: 100 }, (_, y) => valueAt(history, x, y)).filter(Boolean).length;
    expect(width(20)).toBeLessThan(width(50));
    expect(width(50)).toBeLessThan(width(85));
  });
  it("outside the mask changes nothing", () => {
    const history = stroked(10, HARD, [{ x: -50, y: -50, radius: 5 }]);
    expect(history.commit()).toBe(false);
  });
});

describe("a smooth path", () => {
  const dab = (x: number, y: number): Dab => ({ x, y, radius: 4 });
  it("begins and ends where the pointer did and stays near its way", () => {
    const path = new SmoothPath(dab(0, 0));
    const places = [dab(0, 0), ...path.add(dab(40, 0)), ...path.add(dab(40, 40)), ...path.finish()];
    expect(places.at(-1)).toMatchObject({ x: 40, y: 40 });
    for (const { x, y } of places) expect(x >= y && x <= 40 && y >= 0).toBe(true);
    const turns = places.slice(2).map(({ x, y }, at) => {
      const [a, b] = [places[at], places[at + 1]];
      if (!a || !b) return 0;
      return Math.abs(Math.atan2(y - b.y, x - b.x) - Math.atan2(b.y - a.y, b.x - a.x));
    });
    expect(Math.max(...turns)).toBeLessThan(0.5); // a corner of the pointer's way would be 1.57
  });
  it("leaves out what makes no difference", () => {
    const path = new SmoothPath({ x: 0, y: 0, radius: 100 });
    expect(path.add({ x: 1, y: 0, radius: 100 })).toEqual([]);
    expect(path.finish()).toEqual([]);
  });
});

describe("filling an outline", () => {
  const filled = (outline: readonly Point[], opacity = 1, value = 255): string[] => {
    const history = historyOf(...(Array(6).fill(value === 0 ? "########" : "........") as string[]));
    fillPolygon(history, outline, value, opacity);
    return rowsOf(history.bitmap);
  };
  const box = (left: number, top: number, right: number, bottom: number): Point[] => [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
  it("takes exactly the pixels of a rectangle", () => {
    expect(filled(box(1, 1, 4, 3))).toEqual(["........", ".###....", ".###....", "........", "........", "........"]);
  });
  it("takes parts of pixels in part", () => {
    expect(filled(box(1.5, 1, 3, 2.5))[1]).toBe(".5#.....");
    expect(filled(box(1, 1, 3, 2.5))[2]).toBe(".55.....");
  });
  it("reaches beyond the edges, either way round", () => {
    expect(filled(box(-5, -5, 2, 50).reverse())).toEqual(Array(6).fill("##......"));
  });
  it("has no holes where the outline crosses itself in the same sense", () => {
    const twice = [...box(1, 1, 5, 5), { x: 1, y: 1 }, ...box(2, 2, 7, 4)];
    expect(filled(twice)[2]).toBe(".######.");
  });
  it("erases, and goes only part of the way", () => {
    expect(filled(box(0, 0, 2, 1), 1, 0)[0]).toBe("..######");
    expect(filled(box(0, 0, 2, 1), 0.5)[0]).toBe("55......");
  });
  it("needs three corners", () => {
    expect(
      fillPolygon(
        historyOf("..", ".."),
        [
          { x: 0, y: 0 },
          { x: 2, y: 2 },
        ],
        255,
        1,
      ),
    ).toBeNull();
  });
});
