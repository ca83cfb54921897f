import { describe, expect, it } from "vitest";
import { savedAxes, saveAxes, setInput, sweepables } from "../../src/document/axes";
import { edited } from "../../src/document/edit";
import { readCatalogue } from "../../src/document/schema";
import type { Workflow } from "../../src/document/workflow";

const catalogue = readCatalogue({
  Sampler: {
    input: { required: { model: ["MODEL"], steps: ["INT", { default: 20 }], cfg: ["FLOAT", {}] } },
    display_name: "Sampler",
  },
});
const inner = { id: 3, type: "Sampler", pos: [0, 0], inputs: [], outputs: [], widgets_values: [20, 8] } as const;
const workflow: Workflow = {
  nodes: [
    { ...inner, id: 1, title: "Base", inputs: [{ name: "cfg", type: "FLOAT", link: 5, widget: { name: "cfg" } }] },
    { id: 7, type: "sub", pos: [0, 0] },
    { id: 8, type: "Unknown", pos: [0, 0], widgets_values: [1] },
  ],
  links: [],
  definitions: {
    subgraphs: [
      {
        id: "sub",
        name: "Inside",
        nodes: [inner],
        links: [],
        inputNode: { id: -10, bounding: [] },
        outputNode: { id: -20, bounding: [] },
      },
    ],
  },
};

describe("what can be swept", () => {
  it("is every input with a control that no link sets, also within subgraphs", () => {
    const found = sweepables(workflow, catalogue).map(({ node, title, widget }) => `${node} ${title} ${widget.name}`);
    expect(found).toEqual(["1 Base steps", "7:3 Sampler steps", "7:3 Sampler cfg"]);
  });
  it("is set where the server's id says", () => {
    const set = setInput(workflow, catalogue, { node: "7:3", input: "cfg" }, 4);
    expect(set?.scope).toBe("sub");
    const after = set && edited(workflow, set.scope, set.recipe);
    expect(after?.definitions?.subgraphs?.[0]?.nodes[0]?.widgets_values).toEqual([20, 4]);
    expect(after?.nodes).toBe(workflow.nodes);
  });
  it.each(["9", "1:3", "7:9", "7"])("is nothing at %s", (node) => {
    expect(setInput(workflow, catalogue, { node, input: "cfg" }, 4)).toBeNull();
  });
});

describe("axes", () => {
  const axes = { x: { node: "1", input: "steps", values: [1, 2] }, y: { node: "7:3", input: "cfg", values: [3] } };
  it("are kept with the workflow, and everything beside them too", () => {
    const before = { ...workflow, extra: { ds: { scale: 1 }, weft: { native_size: 128 } } };
    const after = edited(before, null, saveAxes(axes));
    expect(savedAxes(after)).toEqual(axes);
    expect(after.extra).toMatchObject({ ds: { scale: 1 }, weft: { native_size: 128 } });
    expect(savedAxes(edited(after, null, saveAxes({ x: axes.x, y: null })))).toEqual({ x: axes.x, y: null });
  });
  it.each([undefined, {}, { weft: 3 }, { weft: { grid: { x: { node: 1 } } } }])("are not read from %j", (extra) => {
    expect(savedAxes({ ...workflow, extra: extra as Workflow["extra"] })).toBeNull();
  });
});
