import { expect, test } from "vitest";
import { afterQueue } from "../../src/document/after_queue";
import { setFields } from "../../src/document/commands/nodes";
import { setWidgetValue } from "../../src/document/commands/widgets";
import { makeSubgraph } from "../../src/document/subgraphs";
import type { Json } from "../../src/document/json";
import { definitionsOf, type Workflow } from "../../src/document/workflow";
import { after, CATALOGUE, inside, nodeAt, PICTURE } from "./samples";

function seeded(value: Json, control: string): Workflow {
  return after(PICTURE, setWidgetValue(4, "seed", 0, value), setWidgetValue(4, "control_after_generate", 1, control));
}

function queued(workflow: Workflow, random = 0.5): Workflow {
  const recipe = afterQueue(workflow, () => random, CATALOGUE);
  return recipe ? after(workflow, recipe) : workflow;
}

test.each([
  [7, "fixed", 7],
  [7, "increment", 8],
  [1000, "increment", 1000],
  [7, "decrement", 6],
  [0, "decrement", 0],
  [7, "randomize", 500],
  [7, "something else", 7],
])("a seed of %d goes on by %s to %d", (value, control, next) => {
  expect(nodeAt(queued(seeded(value, control)), 4).widgets_values).toEqual([next, control, 20, 8, "euler"]);
});

test("random seeds fill their range to both ends", () => {
  const at = (random: number) => (nodeAt(queued(seeded(7, "randomize"), random), 4).widgets_values as Json[])[0];
  expect([at(0), at(0.9999999)]).toEqual([0, 1000]);
});

test("nothing changes where nothing has to: fixed, linked, or muted", () => {
  expect(queued(seeded(7, "fixed"))).toEqual(seeded(7, "fixed"));
  const muted = after(seeded(7, "increment"), setFields([4], { mode: 2 }));
  expect(afterQueue(muted, Math.random, CATALOGUE)).toBe(null);
});

test("within a subgraph the instance's own seed goes on", () => {
  const made = after(seeded(7, "increment"), makeSubgraph([2, 4], "S", CATALOGUE));
  const once = queued(made);
  const twice = queued(once);
  expect(
    [made, once, twice].map(
      (one) => (one.nodes.find((node) => node.id === 7)?.widgets_values as Json[] | undefined)?.[1],
    ),
  ).toEqual([7, 8, 9]);
  expect(definitionsOf(twice)).toBe(definitionsOf(made));
});

test("seeds that are not promoted go on inside", () => {
  const made = after(seeded(7, "increment"), makeSubgraph([5, 6], "S", CATALOGUE), makeSubgraph([3], "T", CATALOGUE));
  expect(nodeAt(queued(made), 4).widgets_values).toEqual([8, "increment", 20, 8, "euler"]);
  const scope = definitionsOf(made)[0]?.id ?? "";
  expect(queued(inside(made, scope, setFields([6], { title: "x" }))).definitions?.subgraphs?.[0]?.nodes[1]?.title).toBe(
    "x",
  );
});

test("choices of a primitive go on among those that its filter leaves", () => {
  const primitive = {
    id: 9,
    type: "PrimitiveNode",
    pos: [0, 0] as const,
    widgets_values: ["euler", "increment", "m"],
    outputs: [{ name: "COMBO", type: "COMBO", links: [99], widget: { name: "name" } }],
  };
  const sampler = nodeAt(PICTURE, 4);
  const inputs = (sampler.inputs ?? []).map((input) => (input.name === "name" ? { ...input, link: 99 } : input));
  const slot = inputs.findIndex((input) => input.name === "name");
  const workflow: Workflow = {
    ...PICTURE,
    nodes: [...PICTURE.nodes.filter((node) => node.id !== 4), { ...sampler, inputs }, primitive],
    links: [...PICTURE.links, [99, 9, 0, 4, slot, "COMBO"]],
  };
  expect(nodeAt(queued(workflow), 9).widgets_values).toEqual(["dpm", "increment", "m"]);
});
