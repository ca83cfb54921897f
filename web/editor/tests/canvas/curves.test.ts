import { describe, expect, it } from "vitest";
import { distanceTo, flattened, type LinkStyle, partAt } from "../../src/canvas/links/curves";

const A = { x: 0, y: 0 };
const B = { x: 200, y: 100 };
const C = { x: 400, y: 0 };

describe.each<LinkStyle>(["curved", "straight", "stepped"])("a %s link", (style) => {
  it("goes through its points", () => {
    const flat = flattened([A, B, C], style);
    for (const point of [A, B, C]) expect(distanceTo(point, flat)).toBeCloseTo(0);
    expect(distanceTo({ x: 200, y: 300 }, flat)).toBeGreaterThan(150);
  });
  it("says in which part a place lies", () => {
    expect(partAt({ x: 60, y: 20 }, [A, B, C], style)).toBe(1);
    expect(partAt({ x: 340, y: 20 }, [A, B, C], style)).toBe(2);
  });
  it("keeps clear of its sockets when it goes back", () => {
    const flat = flattened([C, A], style);
    if (style !== "straight") expect(Math.max(...flat.map((point) => point.x))).toBeGreaterThan(400);
  });
});
