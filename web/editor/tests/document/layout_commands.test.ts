import { expect, test } from "vitest";
import { alignNodes, arrangeNodes, distributeNodes } from "../../src/document/commands/arrange";
import {
  addGroupAround,
  boundGroup,
  fitGroup,
  foldGroups,
  moveGroups,
  removeGroups,
  setGroupFields,
} from "../../src/document/commands/groups";
import { moveNodes, setFlag, toggleMode } from "../../src/document/commands/nodes";
import { addReroute, moveReroutes, removeReroutes } from "../../src/document/commands/reroutes";
import { nodeBox } from "../../src/document/geometry";
import { contentsOf, hiddenByFolding } from "../../src/document/groups";
import { indexOf } from "../../src/document/links";
import { bendsAlong } from "../../src/document/reroutes";
import type { Workflow } from "../../src/document/workflow";
import { faultsOf } from "./invariants";
import { after, CATALOGUE, nodeAt, PICTURE } from "./samples";

function around(workflow: Workflow) {
  return { workflow, graph: workflow, catalogue: CATALOGUE };
}

function boxes(workflow: Workflow, ids: readonly number[]) {
  return ids.map((id) => nodeBox(nodeAt(workflow, id), CATALOGUE.get(nodeAt(workflow, id).type)));
}

function bends(workflow: Workflow, link: number) {
  const found = indexOf(workflow).links.get(link);
  return found ? bendsAlong(workflow, found).map((bend) => [bend.id, bend.x, bend.y]) : [];
}

test.each([
  ["0.4", PICTURE],
  ["1", { ...PICTURE, version: 1 }],
] as const)("links bend, in files of version %s", (_, start) => {
  const bent = after(
    start,
    addReroute(2, [10, 10]),
    addReroute(2, [30, 30]),
    addReroute(2, [20, 20], 1),
    addReroute(2, [0, 0], null),
  );
  expect(bends(bent, 2)).toEqual([
    [4, 0, 0],
    [1, 10, 10],
    [3, 20, 20],
    [2, 30, 30],
  ]);
  expect(faultsOf(bent)).toEqual([]);
  const moved = after(bent, moveReroutes([1, 2], 5, 6), removeReroutes([3, 4]));
  expect(bends(moved, 2)).toEqual([
    [1, 15, 16],
    [2, 35, 36],
  ]);
  expect(faultsOf(moved)).toEqual([]);
  const straight = after(moved, removeReroutes([1, 2]));
  expect(straight.extra).toEqual({});
  expect(bends(straight, 2)).toEqual([]);
});

test("a group holds what has its middle in it, and moves it once", () => {
  const made = after(
    PICTURE,
    addGroupAround("a", boxes(PICTURE, [1, 2])),
    addGroupAround("b", boxes(PICTURE, [2])),
    addReroute(1, [500, 50]),
  );
  const contents = contentsOf(0, around(made));
  expect([contents.nodes.map((node) => node.id), contents.groups, contents.reroutes]).toEqual([[1, 2], [1], [1]]);
  const moved = after(made, moveGroups([0, 1], [contents, contentsOf(1, around(made))], 100, 10));
  expect([nodeAt(moved, 1).pos, nodeAt(moved, 2).pos, nodeAt(moved, 3).pos]).toEqual([
    [100, 10],
    [500, 10],
    [800, 0],
  ]);
  expect(moved.groups?.map((group, place) => group.bounding[0] - (made.groups?.[place]?.bounding[0] ?? 0))).toEqual([
    100, 100,
  ]);
  expect(bends(moved, 1)).toEqual([[1, 600, 60]]);
});

test("groups are bounded, fitted, named, folded and removed", () => {
  const made = after(
    PICTURE,
    addGroupAround("a", boxes(PICTURE, [1])),
    boundGroup(0, { x: 0, y: 0, width: 9, height: 9 }),
  );
  const fitted = after(
    made,
    fitGroup(0, boxes(made, [1, 2])),
    setGroupFields([0], { title: "b", color: "#abc" }),
    foldGroups([0], true),
  );
  expect(fitted.groups?.[0]).toMatchObject({ id: 1, title: "b", color: "#abc", flags: { collapsed: true } });
  expect(hiddenByFolding(around(fitted)).nodes).toEqual(new Set(["1", "2"]));
  expect(hiddenByFolding(around(after(fitted, foldGroups([0], false)))).nodes.size).toBe(0);
  expect(after(fitted, removeGroups([0])).groups).toEqual([]);
});

test("nodes are aligned at each side, and spread evenly", () => {
  const mixed = after(PICTURE, moveNodes([2], 3, 40), moveNodes([3], 0, -25));
  for (const side of ["left", "centre", "right", "top", "middle", "bottom"] as const) {
    const done = boxes(after(mixed, alignNodes([1, 2, 3], side, around(mixed))), [1, 2, 3]);
    const at = { left: "x", centre: "x", right: "x", top: "y", middle: "y", bottom: "y" }[side] as "x" | "y";
    const part = { left: 0, centre: 0.5, right: 1, top: 0, middle: 0.5, bottom: 1 }[side];
    const lines = done.map((box) => box[at] + part * (at === "x" ? box.width : box.height));
    expect(Math.max(...lines) - Math.min(...lines)).toBeCloseTo(0);
  }
  const spread = boxes(after(mixed, distributeNodes([1, 2, 4], "across", around(mixed))), [1, 2, 4]);
  const gaps = spread.slice(1).map((box, place) => box.x - ((spread[place]?.x ?? 0) + (spread[place]?.width ?? 0)));
  expect(gaps[0]).toBeCloseTo(gaps[1] ?? 0);
});

test("arranged nodes do not overlap, and links run to the right; pinned nodes stay", () => {
  const heap = after(
    PICTURE,
    ...PICTURE.nodes.map((node) => moveNodes([node.id], -Number(node.pos[0]), 0)),
    setFlag([6], "pinned", true),
  );
  const done = after(heap, arrangeNodes([], around(heap)));
  const placed = boxes(done, [1, 2, 3, 4, 5]);
  for (const [number, one] of placed.entries()) {
    for (const other of placed.slice(number + 1)) {
      const apart =
        one.x + one.width <= other.x ||
        other.x + other.width <= one.x ||
        one.y + one.height <= other.y ||
        other.y + other.height <= one.y;
      expect(apart).toBe(true);
    }
  }
  for (const link of indexOf(done).links.values()) {
    if (link.to === 6) continue;
    const [from, to] = boxes(done, [Number(link.from), Number(link.to)]);
    expect((from?.x ?? 0) + (from?.width ?? 0)).toBeLessThan(to?.x ?? 0);
  }
  expect(nodeAt(done, 6)).toBe(nodeAt(heap, 6));
});

test("a mode is given to all, and taken back where all have it", () => {
  const once = after(PICTURE, toggleMode([1], 4), toggleMode([1, 2], 4));
  expect([nodeAt(once, 1).mode, nodeAt(once, 2).mode]).toEqual([4, 4]);
  expect(nodeAt(after(once, toggleMode([1, 2], 4)), 1).mode).toBe(0);
});
