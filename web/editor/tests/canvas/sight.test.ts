// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { layoutOf } from "../../src/canvas/layout/layout";
import { Sight } from "../../src/canvas/scene/Sight";
import type { View } from "../../src/canvas/scene/view";
import type { Workflow } from "../../src/document/workflow";

const SIDE = 300; // canvas units between nodes

/** A square of nodes, each in a group of its own. */
function square(side: number, extra: Workflow["nodes"] = []): Workflow {
  const all = Array.from({ length: side * side }, (_, id) => [id, (id % side) * SIDE, Math.floor(id / side) * SIDE]);
  return {
    nodes: [...all.map(([id = 0, x = 0, y = 0]) => node(id, x, y)), ...extra],
    links: [],
    groups: all.map(([id, x = 0, y = 0]) => ({ title: `G${id}`, bounding: [x - 10, y - 40, 220, 120] as const })),
    version: 0.4,
  };
}

function node(id: number, x: number, y: number) {
  return { id, type: "Thing", pos: [x, y] as const, size: [200, 60] as const, inputs: [], outputs: [] };
}

function layout(workflow: Workflow) {
  return layoutOf({ workflow, graph: workflow, catalogue: new Map() });
}

function sightOver(workflow: Workflow, from: View) {
  const now = { view: from, held: false };
  const sight = new Sight({ view: () => now.view, isHeld: () => now.held, drawn: (change) => change() });
  sight.show(layout(workflow));
  vi.runAllTimers();
  const look = (view: Partial<View>): void => {
    now.view = { ...now.view, ...view };
    sight.follow();
    vi.runAllTimers();
  };
  return { sight, now, look, nodes: () => sight.state.getState().nodes };
}

const VIEW: View = { x: 0, y: 0, zoom: 1, width: 1000, height: 1000 };

describe("what is an element", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["requestAnimationFrame", "cancelAnimationFrame", "performance"] }));
  afterEach(() => vi.useRealTimers());

  it("is what is seen, however much there is", () => {
    const few = sightOver(square(10), VIEW).nodes();
    const many = sightOver(square(40), VIEW).nodes();
    expect(few.has("0") && few.has("33")).toBe(true);
    expect(many.size).toBe(few.size);
    expect(few.size).toBeLessThan(40);
  });
  it("goes with the view, groups as well", () => {
    const { sight, look, nodes } = sightOver(square(20), VIEW);
    expect(sight.state.getState().groups.has(0)).toBe(true);
    look({ x: -4000, y: -4000 });
    expect(nodes().has("0")).toBe(false);
    expect(nodes().has(String(14 * 20 + 14))).toBe(true);
    expect(sight.state.getState().groups.has(0)).toBe(false);
    expect(sight.state.getState().isComplete).toBe(true);
  });
  it("stays while something is held", () => {
    const { now, look, nodes } = sightOver(square(20), VIEW);
    now.held = true;
    look({ x: -4000, y: -4000 });
    expect(nodes().has("0")).toBe(true);
  });
  it("is from afar only what is asked for", () => {
    const { sight, look, nodes } = sightOver(square(10), VIEW);
    sight.keep(new Set(["99"]));
    look({ zoom: 0.1 });
    expect([...nodes()]).toEqual(["99"]);
    expect(sight.state.getState()).toMatchObject({ isComplete: false, groups: new Set() });
  });
  it("comes and goes a few at a time", () => {
    const { sight, look } = sightOver(square(10), { ...VIEW, zoom: 0.1 });
    const steps: number[] = [];
    sight.state.subscribe((now, before) => steps.push(Math.abs(now.nodes.size - before.nodes.size)));
    look({ zoom: 0.45 });
    look({ zoom: 0.1 });
    expect(Math.max(...steps)).toBeLessThanOrEqual(4);
  });
  it("takes in at once what is added where it is seen", () => {
    const { sight, nodes } = sightOver(square(10), VIEW);
    sight.show(layout(square(10, [node(1000, 150, 150), node(1001, 90_000, 0)])));
    expect(nodes().has("1000")).toBe(true);
    expect(nodes().has("1001")).toBe(false);
  });
});
