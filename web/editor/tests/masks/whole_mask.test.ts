import { describe, expect, it } from "vitest";
import { type Bitmap, contentOf, createBitmap } from "../../src/masks/pixels/bitmap";
import { soften } from "../../src/masks/pixels/blur";
import { fillMarked, markSimilar, REACHED, SIMILAR, similarInMask, spread } from "../../src/masks/pixels/flood";
import { grow } from "../../src/masks/pixels/grow";
import { MaskHistory } from "../../src/masks/pixels/history";
import { INVERTED, mapLevels, threshold } from "../../src/masks/pixels/levels";
import { difference, drawn, historyOf, noise, noisy, rowsOf } from "./helpers";

describe("levels", () => {
  it("are inverted without loss", () => {
    const history = new MaskHistory(noisy(70, 50, 1));
    const before = history.bitmap.data.slice();
    mapLevels(history, INVERTED);
    expect(
      difference(
        history.bitmap.data,
        before.map((value) => 255 - value),
      ),
    ).toBeNull();
    mapLevels(history, INVERTED);
    expect(difference(history.bitmap.data, before)).toBeNull();
  });
  it("become all or nothing at a threshold", () => {
    const history = historyOf(".3456#");
    mapLevels(history, threshold(127.5));
    expect(rowsOf(history.bitmap)).toEqual(["...###"]);
  });
});

describe("the content", () => {
  it("is the smallest box around all that is masked", () => {
    expect(contentOf(drawn(".....", "..1..", "...#.", "....."))).toEqual({ x: 2, y: 1, width: 2, height: 2 });
    expect(contentOf(drawn("...."))).toBeNull();
    expect(contentOf(drawn("#..", "..#"))).toEqual({ x: 0, y: 0, width: 3, height: 2 });
  });
});

/** A Gaussian blur by its definition, for comparison. */
function blurredByDefinition({ width, height, data }: Bitmap, sigma: number): Float64Array {
  const reach = Math.ceil(5 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-((at - reach) ** 2) / (2 * sigma ** 2)));
  const total = weights.reduce((a, b) => a + b);
  const within = (at: number, size: number) => Math.min(size - 1, Math.max(0, at));
  const once = (from: ArrayLike<number>, across: boolean): Float64Array =>
    Float64Array.from({ length: width * height }, (_, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      return weights.reduce((sum, weight, index) => {
        const by = index - reach;
        const place = across ? y * width + within(x + by, width) : within(y + by, height) * width + x;
        return sum + (weight / total) * (from[place] ?? 0);
      }, 0);
    });
  return once(once(data, true), false);
}

describe("softening", () => {
  it.each([1, 2, 3, 6, 12])("by %s pixels comes near the bell curve", (pixels) => {
    const bitmap = createBitmap(64, 48);
    for (let y = 14; y < 30; y += 1) bitmap.data.fill(255, y * 64 + 20, y * 64 + 44);
    const wanted = blurredByDefinition(bitmap, pixels / 2);
    soften(new MaskHistory(bitmap), pixels);
    const off = bitmap.data.map((value, at) => Math.abs(value - (wanted[at] ?? 0)));
    expect(Math.max(...off)).toBeLessThanOrEqual(6); // of 255
  });
  it("leaves an even mask as it is, at its edges too", () => {
    const history = new MaskHistory(createBitmap(40, 30, 255));
    soften(history, 16);
    expect(history.bitmap.data.every((value) => value === 255)).toBe(true);
  });
  it("takes and adds nothing in all", () => {
    const bitmap = createBitmap(300, 300);
    for (let y = 120; y < 180; y += 1) bitmap.data.fill(255, y * 300 + 100, y * 300 + 200);
    const sum = () => bitmap.data.reduce((a, b) => a + b, 0);
    const before = sum();
    soften(new MaskHistory(bitmap), 30);
    expect(sum() / before).toBeCloseTo(1, 2);
  });
  it("of nothing is nothing", () => {
    expect(soften(historyOf("....", "...."), 5)).toBeNull();
  });
});

/** Growing by its definition, for comparison. */
function grownByDefinition({ width, height, data }: Bitmap, radius: number, isGrown: boolean): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    let best = data[at] ?? 0;
    for (let dy = -radius; dy <= radius; dy += 1) {
      for (let dx = -radius; dx <= radius; dx += 1) {
        if (dx * dx + dy * dy > radius * radius) continue;
        if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
        const value = data[(y + dy) * width + x + dx] ?? 0;
        best = isGrown ? Math.max(best, value) : Math.min(best, value);
      }
    }
    return best;
  });
}

describe("growing", () => {
  it.each([1, 2, 5, 9])("by %s takes all within a circle, over the edges of tiles; shrinking the same", (radius) => {
    const next = noise(radius);
    const bitmap = createBitmap(290, 150);
    for (let spot = 0; spot < 40; spot += 1)
      bitmap.data[Math.floor(next() * bitmap.data.length)] = Math.floor(next() * 256);
    const more = { ...bitmap, data: bitmap.data.slice() };
    grow(new MaskHistory(more), radius);
    expect(difference(more.data, grownByDefinition(bitmap, radius, true))).toBeNull();
    const less = { ...bitmap, data: bitmap.data.map((value) => 255 - value) };
    const wanted = grownByDefinition(less, radius, false);
    grow(new MaskHistory(less), -radius);
    expect(difference(less.data, wanted)).toBeNull();
  });
  it("can be undone", () => {
    const history = historyOf(".....", "..#..", ".....");
    grow(history, 1);
    history.commit();
    expect(rowsOf(history.bitmap)).toEqual(["..#..", ".###.", "..#.."]);
    history.undo();
    expect(rowsOf(history.bitmap)).toEqual([".....", "..#..", "....."]);
  });
  it("changes nothing where all is the same", () => {
    expect(grow(new MaskHistory(createBitmap(300, 300, 255)), 5)).toBeNull();
    expect(grow(historyOf("..", ".."), 0)).toBeNull();
  });
});

describe("filling by colour", () => {
  it("takes pixels whose every channel is near enough", () => {
    const marks = new Uint8Array(5);
    const rgba = new Uint8ClampedArray([10, 10, 10, 255, 15, 5, 10, 255, 16, 10, 10, 255, 10, 10, 4, 255]);
    markSimilar(marks, 1, rgba, [10, 10, 10], 5);
    expect([...marks]).toEqual([0, SIMILAR, SIMILAR, 0, 0]);
  });
  it("goes around corners but not across corners", () => {
    const maze = drawn("..#..", "#.#.#", "...#.", "###..");
    const marks = similarInMask(maze, 0, 0, 0);
    spread(marks, 5, 4, 0, 0);
    const history = new MaskHistory(maze);
    fillMarked(history, marks, REACHED, 128, 1);
    expect(rowsOf(maze)).toEqual(["55#..", "#5#.#", "555#.", "###.."]);
  });
  it("reaches the same pixels as spreading one by one does", () => {
    const next = noise(9);
    const width = 80;
    const height = 60;
    const similar = Uint8Array.from({ length: width * height }, () => (next() < 0.62 ? SIMILAR : 0));
    similar[0] = SIMILAR;
    const wanted = new Set([0]);
    for (const at of wanted) {
      const [x, y] = [at % width, Math.floor(at / width)];
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        const [nearX, nearY] = [x + dx, y + dy];
        const near = nearY * width + nearX;
        if (nearX >= 0 && nearX < width && nearY >= 0 && nearY < height && similar[near] === SIMILAR) wanted.add(near);
      }
    }
    spread(similar, width, height, 0, 0);
    const reached = [...similar.keys()].filter((at) => similar[at] === REACHED);
    expect(new Set(reached)).toEqual(wanted);
    expect(wanted.size).toBeGreaterThan(1000);
  });
  it("fills nothing where nothing is marked", () => {
    expect(fillMarked(historyOf("...."), new Uint8Array(4), REACHED, 255, 1)).toBeNull();
  });
});
