import { describe, expect, it } from "vitest";
import { carriedIn } from "../../src/document/carried";
import type { Graph, WorkflowNode } from "../../src/document/workflow";

/** Nodes in a row, each with the types of its inputs and outputs. */
function graphOf(
  nodes: Record<number, readonly [readonly string[], readonly string[]]>,
  links: readonly (readonly [number, number, number, number])[],
): Graph {
  const written = links.map(([from, fromSlot, to, toSlot], at) => [at + 1, from, fromSlot, to, toSlot, "*"] as const);
  return {
    nodes: Object.entries(nodes).map(([id, [inputs, outputs]]) => ({
      id: Number(id),
      type: "Any",
      inputs: inputs.map((type, slot) => ({
        name: `in${slot}`,
        type,
        link: written.find((link) => link[3] === Number(id) && link[4] === slot)?.[0] ?? null,
      })),
      outputs: outputs.map((type) => ({ name: "out", type, links: [] })),
    })) as unknown as WorkflowNode[],
    links: written,
  } as unknown as Graph;
}

const SWITCH = [["*", "*", "BOOLEAN"], ["*"]] as const;

describe("what sockets for anything carry", () => {
  it("is what all of a switch's inputs are", () => {
    const graph = graphOf({ 1: [[], ["MODEL"]], 2: SWITCH }, [
      [1, 0, 2, 0],
      [1, 0, 2, 1],
    ]);
    expect(carriedIn(graph).get("2")).toEqual({ inputs: ["MODEL", "MODEL", "BOOLEAN"], outputs: ["MODEL"] });
  });
  it("goes on through further switches", () => {
    const graph = graphOf({ 1: [[], ["IMAGE"]], 2: SWITCH, 3: SWITCH }, [
      [1, 0, 2, 0],
      [2, 0, 3, 1],
    ]);
    expect(carriedIn(graph).get("3")).toEqual({ inputs: ["*", "IMAGE", "BOOLEAN"], outputs: ["IMAGE"] });
  });
  it("is open where two types meet, each input showing its own", () => {
    const graph = graphOf({ 1: [[], ["MODEL", "IMAGE"]], 2: SWITCH }, [
      [1, 0, 2, 0],
      [1, 1, 2, 1],
    ]);
    expect(carriedIn(graph).get("2")).toEqual({ inputs: ["MODEL", "IMAGE", "BOOLEAN"], outputs: ["*"] });
  });
  it("is nothing new without links, and where a circle closes", () => {
    expect(carriedIn(graphOf({ 2: SWITCH }, [])).size).toBe(0);
    const circle = graphOf({ 2: SWITCH, 3: SWITCH }, [
      [2, 0, 3, 0],
      [3, 0, 2, 0],
    ]);
    expect(carriedIn(circle).size).toBe(0);
  });
  it("leaves typed outputs alone", () => {
    const graph = graphOf({ 1: [[], ["MODEL"]], 2: [["*"], ["BOOLEAN"]] }, [[1, 0, 2, 0]]);
    expect(carriedIn(graph).get("2")).toEqual({ inputs: ["MODEL"], outputs: ["BOOLEAN"] });
  });
});
