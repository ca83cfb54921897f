import { describe, expect, it } from "vitest";
import { layoutOf } from "../../src/canvas/layout/layout";
import { readingOrder } from "../../src/canvas/layout/reading";
import { edited } from "../../src/document/edit";
import { foldGroups } from "../../src/document/commands/groups";
import { moveNodes, setFields } from "../../src/document/commands/nodes";
import { connect } from "../../src/document/commands/links";
import type { Workflow } from "../../src/document/workflow";

function node(id: number, x: number, y: number) {
  const inputs = [{ name: "in", type: "IMAGE", link: null }];
  return {
    id,
    type: "Thing",
    pos: [x, y] as const,
    size: [200, 60] as const,
    inputs,
    outputs: [{ name: "out", type: "IMAGE", links: null }],
  };
}

const BARE: Workflow = {
  nodes: [node(1, 0, 0), node(2, 300, 20), node(3, 0, 400)],
  links: [],
  groups: [{ title: "G", bounding: [-20, -60, 260, 200] }],
  version: 0.4,
};
const WORKFLOW = edited(BARE, null, connect({ node: 1, slot: 0 }, { node: 2, slot: 0 }));

function around(workflow: Workflow) {
  return { workflow, graph: workflow, catalogue: new Map() };
}

describe("the layout of a graph", () => {
  it("leads links from sockets to sockets", () => {
    const { lines, places } = layoutOf(around(WORKFLOW));
    const [line] = lines.values();
    expect(line?.points).toEqual([places.get("1")?.outputs[0], places.get("2")?.inputs[0]]);
  });
  it("keeps what an edit does not touch, so that nothing is drawn anew", () => {
    const before = layoutOf(around(WORKFLOW));
    const titled = layoutOf(around(edited(WORKFLOW, null, setFields([3], { title: "New" }))), before);
    expect(titled.lines).toBe(before.lines);
    expect(titled.places.get("1")).toBe(before.places.get("1"));
    const moved = layoutOf(around(edited(WORKFLOW, null, moveNodes([2], 5, 5))), before);
    expect(moved.lines).not.toBe(before.lines);
  });
  it("hides what a folded group holds, and ends its links at the group", () => {
    const folded = layoutOf(around(edited(WORKFLOW, null, foldGroups([0], true))));
    expect([...folded.places.keys()]).toEqual(["2", "3"]);
    expect([...folded.lines.values()][0]?.points[0]).toEqual({ x: 240, y: -43 });
  });
  it("reads nodes in rows", () => {
    expect(readingOrder(layoutOf(around(WORKFLOW))).map((place) => place.key)).toEqual(["1", "2", "3"]);
  });
});
