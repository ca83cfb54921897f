import { expect, test } from "vitest";
import { indexOf } from "../../src/document/links";
import { readCatalogue } from "../../src/document/schema";
import type { Workflow } from "../../src/document/workflow";
import { runUntil } from "../../src/running/until";

const types = readCatalogue({
  Make: { input: { required: {} }, output: ["IMAGE", "LATENT"] },
  Keep: { input: { required: { images: ["IMAGE"], prefix: ["STRING", {}] } }, output: [], output_node: true },
  Look: { input: { required: { images: ["IMAGE"] } }, output: [], output_node: true },
  Sample: { input: { required: {} }, output: ["LATENT"] },
});

const pos = [0, 0] as const;
const workflow: Workflow = {
  last_node_id: 3,
  last_link_id: 1,
  nodes: [
    {
      id: 1,
      type: "Make",
      pos,
      outputs: [
        { name: "IMAGE", type: "IMAGE", links: [1] },
        { name: "LATENT", type: "LATENT", links: null },
      ],
    },
    { id: 2, type: "Keep", pos, inputs: [{ name: "images", type: "IMAGE", link: 1 }], widgets_values: ["x"] },
    { id: 3, type: "Sample", pos, outputs: [{ name: "LATENT", type: "LATENT", links: null }] },
  ],
  links: [[1, 1, 0, 2, 0, "IMAGE"]],
};

test("an output node is a target itself", () => {
  expect(runUntil(workflow, ["2"], types)).toMatchObject({ workflow, targets: ["2"], impossible: [] });
});

test("for another node, one is added that shows its result and keeps nothing", () => {
  const { workflow: changed, targets, probes, impossible } = runUntil(workflow, ["1"], types);
  expect(impossible).toEqual([]);
  expect([...probes]).toEqual([["4", "1"]]);
  expect(targets).toEqual(["4"]);
  expect(changed.nodes.at(-1)?.type).toBe("Look");
  expect(indexOf(changed).incoming.get("4")).toMatchObject([{ from: 1, fromSlot: 0, toSlot: 0 }]);
  expect(workflow.nodes).toHaveLength(3);
});

test("where nothing can show a result, it says so", () => {
  expect(runUntil(workflow, ["3", "nowhere"], types)).toMatchObject({ targets: [], impossible: ["3", "nowhere"] });
});

test("inside a subgraph the ids go through its instance, and a whole instance means its output nodes", () => {
  const inside = {
    ...workflow,
    id: "sub",
    name: "sub",
    inputNode: { id: -10, bounding: [] },
    outputNode: { id: -20, bounding: [] },
  };
  const outer: Workflow = { nodes: [{ id: 5, type: "sub", pos }], links: [], definitions: { subgraphs: [inside] } };
  expect(runUntil(outer, ["5"], types).targets).toEqual(["5:2"]);
  const probed = runUntil(outer, ["5:1"], types);
  const added = probed.workflow.definitions?.subgraphs?.[0]?.nodes.at(-1);
  expect(added?.type).toBe("Look");
  expect([...probed.probes]).toEqual([[`5:${added?.id}`, "5:1"]]);
});
