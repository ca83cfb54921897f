import { expect, it } from "vitest";
import { fitted } from "../../src/canvas/scene/fitting";

const SCREEN = { width: 1300, height: 860 };
const CORNER = { width: 220, height: 200 };
const WIDE = { x: 0, y: 0, width: 2000, height: 800 };

it("puts everything into the middle, no larger than it is", () => {
  const small = { x: 100, y: 100, width: 200, height: 100 };
  expect(fitted(small, SCREEN, 0.1, CORNER, [small])).toEqual({ x: 450, y: 280, zoom: 1 });
});

it("leaves the corner out only where a node would lie below it", () => {
  const free = [{ x: 0, y: 0, width: 300, height: 800 }];
  const hidden = [{ x: 1700, y: 600, width: 300, height: 200 }];
  const whole = fitted(WIDE, SCREEN, 0.1, null, hidden);
  expect(fitted(WIDE, SCREEN, 0.1, CORNER, free)).toEqual(whole);
  const { x, y, zoom } = fitted(WIDE, SCREEN, 0.1, CORNER, hidden);
  expect(zoom).toBe(whole.zoom); // there is room above
  expect(y + 800 * zoom).toBeLessThanOrEqual(SCREEN.height - CORNER.height);
  expect(x + 2000 * zoom).toBeLessThanOrEqual(SCREEN.width);
});

it("does not make everything tiny for the corner", () => {
  const all = { x: 0, y: 0, width: 700, height: 700 };
  const narrow = { width: 400, height: 400 };
  expect(fitted(all, narrow, 0.1, CORNER, [all])).toEqual(fitted(all, narrow, 0.1, null, [all]));
});
