import { describe, expect, it } from "vitest";
import { createBitmap } from "../../src/masks/pixels/bitmap";
import { greyShades, overlayShades, shade } from "../../src/masks/pixels/shading";
import { fit, panned, toPicture, toScreen, zoomed } from "../../src/masks/pixels/view";
import { drawn } from "./helpers";

const FRAME = { width: 1000, height: 800 };
const PICTURE = { width: 4000, height: 2000 };

describe("the view", () => {
  it("shows all of a large picture, in the middle", () => {
    const view = fit(FRAME, PICTURE);
    expect(toPicture(view, { x: 500, y: 400 })).toEqual({ x: 2000, y: 1000 });
    expect(PICTURE.width * view.scale).toBeLessThanOrEqual(FRAME.width);
  });
  it("keeps the place under the pointer when it zooms", () => {
    const at = { x: 123, y: 456 };
    const before = fit(FRAME, PICTURE);
    const after = zoomed(before, PICTURE, 7.3, at);
    const [a, b] = [toPicture(before, at), toPicture(after, at)];
    expect(b.x).toBeCloseTo(a.x, 6);
    expect(b.y).toBeCloseTo(a.y, 6);
  });
  it("neither zooms nor pans until nothing is left", () => {
    const far = zoomed(fit(FRAME, PICTURE), PICTURE, 1e-9, { x: 0, y: 0 });
    expect(far.scale * PICTURE.width).toBeGreaterThan(20);
    expect(zoomed(far, PICTURE, 1e9, { x: 0, y: 0 }).scale).toBe(64);
    const away = panned(fit(FRAME, PICTURE), FRAME, PICTURE, 1e6, -1e6);
    expect(away.x).toBeLessThan(FRAME.width);
    expect(away.y + PICTURE.height * away.scale).toBeGreaterThan(0);
  });
});

describe("shading", () => {
  const pixelsOf = (
    mask: ReturnType<typeof drawn>,
    scale: number,
    part: { x: number; y: number; width: number; height: number },
  ) => {
    const pixels = new Uint32Array(part.width * part.height);
    shade(mask, { scale, x: 1, y: 0 }, part, greyShades(), pixels);
    return [...new Uint8Array(pixels.buffer)].filter((_, at) => at % 4 === 0);
  };
  it("keeps the edges of pixels that are shown larger, and leaves what is outside clear", () => {
    const part = { x: 0, y: 0, width: 7, height: 1 };
    const pixels = new Uint32Array(7);
    shade(drawn("#.#"), { scale: 2, x: 1, y: 0 }, part, greyShades(), pixels);
    const bytes = new Uint8Array(pixels.buffer);
    const at = (x: number) => [...bytes.subarray(4 * x, 4 * x + 4)];
    expect(at(0)).toEqual([0, 0, 0, 0]);
    expect([1, 2, 3, 4, 5, 6].map((x) => at(x))).toEqual(
      [255, 255, 0, 0, 255, 255].map((value) => [value, value, value, 255]),
    );
  });
  it("mixes pixels that are shown smaller", () => {
    expect(pixelsOf(drawn("#.", ".#"), 0.5, { x: 1, y: 0, width: 1, height: 1 })).toEqual([128]);
  });
  it("covers the picture with a colour, as strongly as it is masked", () => {
    const bytes = new Uint8Array(overlayShades("#102030", 0.5).buffer);
    expect([...bytes.subarray(0, 4)]).toEqual([16, 32, 48, 0]);
    expect([...bytes.subarray(4 * 255)]).toEqual([16, 32, 48, 128]);
  });
  it("draws a part as the same pixels of the whole", () => {
    const mask = createBitmap(50, 40);
    mask.data.forEach((_, at) => (mask.data[at] = (at * 37) & 255));
    const view = { scale: 0.7, x: -3.3, y: 2.2 };
    const whole = new Uint32Array(60 * 50);
    shade(mask, view, { x: 0, y: 0, width: 60, height: 50 }, greyShades(), whole);
    const { x, y, width, height } = toScreen(view, { x: 20, y: 10, width: 5, height: 5 });
    const part = new Uint32Array(width * height);
    shade(mask, view, { x, y, width, height }, greyShades(), part);
    for (let row = 0; row < height; row += 1) {
      expect(part.subarray(row * width, (row + 1) * width)).toEqual(
        whole.subarray((y + row) * 60 + x, (y + row) * 60 + x + width),
      );
    }
  });
});
