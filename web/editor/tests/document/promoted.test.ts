import { expect, test } from "vitest";
import { setWidget } from "../../src/document/commands/widgets";
import { schemaOf } from "../../src/document/node_schema";
import { type Widget, widgetsOf } from "../../src/document/widgets";
import type { SubgraphDefinition, Workflow, WorkflowNode } from "../../src/document/workflow";
import { after, CATALOGUE, nodeAt } from "./samples";

/** Two samplers inside, of which the file promotes widgets without inputs of the subgraph, as editors did in 2025. */
function older(values: readonly number[], entries: unknown): Workflow {
  const sampler = (id: number, title: string, steps: number): WorkflowNode => ({
    id,
    title,
    type: "Sampler",
    pos: [0, 0],
    widgets_values: [1, "fixed", steps, 8, "euler"],
  });
  const definition: SubgraphDefinition = {
    id: "def",
    name: "Two",
    nodes: [sampler(3, "First", 10), sampler(4, "Second", 20)],
    links: [],
    inputs: [],
    outputs: [],
    inputNode: { id: -10, bounding: [0, 0, 1, 1] },
    outputNode: { id: -20, bounding: [0, 0, 1, 1] },
  };
  const instance = {
    id: 1,
    type: "def",
    pos: [0, 0] as const,
    properties: { proxyWidgets: entries },
    widgets_values: values,
  };
  return { nodes: [instance], links: [], definitions: { subgraphs: [definition] }, version: 0.4 };
}

function widgets(workflow: Workflow): readonly Widget[] {
  const node = nodeAt(workflow, 1);
  return widgetsOf(node, schemaOf(node, { workflow, graph: workflow, catalogue: CATALOGUE }));
}

const ENTRIES = [
  ["3", "steps"],
  ["4", "steps"],
  ["4", "$$canvas-image-preview"],
  ["9", "lost"],
];

test.each([ENTRIES, JSON.stringify(ENTRIES)])(
  "promoted widgets show what is inside, under names of their own",
  (entries) => {
    expect(widgets(older([], entries)).map(({ name, label, value }) => [name, label, value])).toEqual([
      ["steps", "First", 10],
      ["steps_1", "Second", 20],
    ]);
  },
);

test("a change goes to the widget inside, for all instances", () => {
  const workflow = older([], ENTRIES);
  const [, second] = widgets(workflow);
  if (!second) throw new Error("The second widget is lost.");
  const changed = after(workflow, setWidget(1, second, 33));
  expect(widgets(changed).map(({ value }) => value)).toEqual([10, 33]);
  expect(changed.definitions?.subgraphs?.[0]?.nodes[1]?.widgets_values).toEqual([1, "fixed", 33, 8, "euler"]);
  expect(changed.nodes).toBe(workflow.nodes);
});

test("values beside the entries are the instance's own", () => {
  const workflow = older([11, 22], ENTRIES.slice(0, 2));
  const [first] = widgets(workflow);
  if (!first) throw new Error("The first widget is lost.");
  const changed = after(workflow, setWidget(1, first, 5));
  expect(nodeAt(changed, 1).widgets_values).toEqual([5, 22]);
  expect(changed.definitions).toBe(workflow.definitions);
});
