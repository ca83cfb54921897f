import { expect, test } from "vitest";
import { copy } from "../../src/document/clipboard";
import { circleName, paste } from "../../src/document/commands/paste";
import { addNode, removeNodes, setFields } from "../../src/document/commands/nodes";
import { setWidget, setWidgetValue } from "../../src/document/commands/widgets";
import { diffWorkflows } from "../../src/document/diff";
import { indexOf } from "../../src/document/links";
import { schemaOf } from "../../src/document/node_schema";
import { WorkflowError } from "../../src/document/problems";
import {
  addSlot,
  countInstances,
  demoteWidget,
  freshInstance,
  makeIndependent,
  makeSubgraph,
  moveSlot,
  promoteWidget,
  removeSlot,
  removeUnusedDefinitions,
  renameSlot,
  renameSubgraph,
  unpackSubgraph,
} from "../../src/document/subgraphs";
import { type Widget, widgetsOf } from "../../src/document/widgets";
import type { SubgraphDefinition, Workflow } from "../../src/document/workflow";
import { definitionsOf } from "../../src/document/workflow";
import { faultsOf } from "./invariants";
import { add, after, CATALOGUE, inside, nodeAt, PICTURE } from "./samples";

const MADE = after(PICTURE, makeSubgraph([2, 4], "Sampling", CATALOGUE));

function only(workflow: Workflow): SubgraphDefinition {
  const [definition, ...others] = definitionsOf(workflow);
  if (!definition || others.length > 0) throw new Error("There is not just one definition.");
  return definition;
}

function widgets(workflow: Workflow, id: number): readonly Widget[] {
  const node = nodeAt(workflow, id);
  return widgetsOf(node, schemaOf(node, { workflow, graph: workflow, catalogue: CATALOGUE }));
}

function values(workflow: Workflow, id: number): unknown {
  return Object.fromEntries(widgets(workflow, id).map(({ name, value }) => [name, value]));
}

function set(workflow: Workflow, id: number, name: string, value: string | number): Workflow {
  const widget = widgets(workflow, id).find((one) => one.name === name);
  if (!widget) throw new Error(`There is no ${name}.`);
  return after(workflow, setWidget(id, widget, value));
}

test("links over the border become inputs and outputs; seeds and long texts are promoted", () => {
  expect(faultsOf(MADE)).toEqual([]);
  const definition = only(MADE);
  expect(definition.inputs?.map((slot) => [slot.name, slot.type])).toEqual([
    ["clip", "CLIP"],
    ["model", "MODEL"],
    ["latent", "LATENT"],
    ["text", "STRING"],
    ["seed", "INT"],
  ]);
  expect(definition.outputs?.map((slot) => slot.name)).toEqual(["LATENT"]);
  expect(MADE.nodes.map((node) => node.id)).toEqual([1, 3, 5, 6, 7]);
  expect(definition.nodes.map((node) => node.id)).toEqual([2, 4]);
  expect(values(MADE, 7)).toEqual({ text: "", seed: 0 });
});

test("an instance has values of its own", () => {
  const twice = after(MADE, addNode(freshInstance(only(MADE), [0, 500], CATALOGUE)));
  const changed = set(set(twice, 7, "seed", 5), 8, "text", "a cat");
  expect([values(changed, 7), values(changed, 8)]).toEqual([
    { text: "", seed: 5 },
    { text: "a cat", seed: 0 },
  ]);
  expect(only(changed)).toBe(only(twice));
});

test("an instance without values gets all that it shows with the first that is set", () => {
  const bare = after(MADE, setFields([7], { widgets_values: undefined }));
  expect(nodeAt(set(bare, 7, "seed", 5), 7).widgets_values).toEqual(["", 5]);
});

test("ids are used once in all graphs, which the stock editor wants", () => {
  const nodes = [MADE, only(MADE)].flatMap((graph) => graph.nodes.map((node) => node.id));
  const links = [MADE, only(MADE)].flatMap((graph) => [...indexOf(graph).links.keys()]);
  expect([new Set(nodes).size, new Set(links).size]).toEqual([nodes.length, links.length]);
});

test("a widget of an older file, which has no input for it, can be linked and promoted", () => {
  const old = after(PICTURE, setFields([3], { inputs: [] }), add("Sampler"));
  const made = after(old, makeSubgraph([3], "Old", CATALOGUE));
  const promoted = inside(made, only(made).id, promoteWidget(3, "width", CATALOGUE));
  expect(faultsOf(promoted)).toEqual([]);
  expect(values(promoted, 8)).toEqual({ width: 512 });
});

test("taken apart it is what it was, with the instance's values", () => {
  const unpacked = after(set(MADE, 7, "text", "a dog"), unpackSubgraph(7, CATALOGUE));
  expect(faultsOf(unpacked)).toEqual([]);
  expect(definitionsOf(unpacked)).toEqual([]);
  const sampler = unpacked.nodes.find((node) => node.type === "Sampler");
  const encode = unpacked.nodes.find((node) => node.type === "Encode");
  expect(encode?.widgets_values).toEqual(["a dog"]);
  expect(sampler?.pos[1]).toBe(encode?.pos[1]);
  const joined = (workflow: Workflow) =>
    [...indexOf(workflow).links.values()]
      .map(
        ({ from, fromSlot, to, toSlot }) =>
          [from, to].map((id) => workflow.nodes.find((node) => node.id === id)?.type).join() + fromSlot + toSlot,
      )
      .sort();
  expect(joined(unpacked)).toEqual(joined(PICTURE));
});

test("what its slots do, all instances do", () => {
  const scope = only(MADE).id;
  const twice = set(after(MADE, addNode(freshInstance(only(MADE), [0, 500], CATALOGUE))), 7, "seed", 9);
  const moved = inside(twice, scope, moveSlot("inputs", 4, 0));
  expect(faultsOf(moved)).toEqual([]);
  expect(nodeAt(moved, 7).inputs?.map((input) => input.name)).toEqual(["seed", "clip", "model", "latent", "text"]);
  expect(values(moved, 7)).toEqual({ seed: 9, text: "" });
  const removed = inside(moved, scope, removeSlot("inputs", 1));
  expect(faultsOf(removed)).toEqual([]);
  expect(indexOf(removed).links.size).toBe(indexOf(moved).links.size - 1);
  expect(values(removed, 7)).toEqual({ seed: 9, text: "" });
  const added = inside(
    removed,
    scope,
    addSlot("outputs", "LATENT", "LATENT"),
    renameSlot("outputs", 0, "result"),
    renameSubgraph("S"),
  );
  expect(faultsOf(added)).toEqual([]);
  expect(nodeAt(added, 8).outputs?.map((output) => [output.name, output.label])).toEqual([
    ["LATENT", "result"],
    ["LATENT_1", undefined],
  ]);
  expect(only(added).name).toBe("S");
  const gone = inside(added, scope, removeSlot("outputs", 0));
  expect(faultsOf(gone)).toEqual([]);
  expect(nodeAt(gone, 5).inputs?.[0]?.link).toBe(null);
});

test("widgets are promoted and taken back", () => {
  const scope = only(MADE).id;
  const own = set(MADE, 7, "seed", 3);
  const promoted = inside(own, scope, promoteWidget(4, "steps", CATALOGUE), promoteWidget(4, "cfg", CATALOGUE));
  expect(faultsOf(promoted)).toEqual([]);
  expect(values(promoted, 7)).toEqual({ text: "", seed: 3, steps: 20, cfg: 8 });
  const changed = set(promoted, 7, "cfg", 2);
  const back = inside(changed, scope, demoteWidget(4, "steps"), demoteWidget(2, "text"));
  expect(faultsOf(back)).toEqual([]);
  expect(values(back, 7)).toEqual({ seed: 3, cfg: 2 });
});

test("a node inside that goes takes its inputs' values along, not those of others", () => {
  const changed = set(MADE, 7, "seed", 3);
  const without = inside(changed, only(MADE).id, removeNodes([2]));
  expect(faultsOf(without)).toEqual([]);
  expect(values(without, 7)).toEqual({ seed: 3 });
});

test("an instance can become independent; unused definitions go", () => {
  const twice = after(MADE, addNode(freshInstance(only(MADE), [0, 500], CATALOGUE)), makeIndependent(8));
  expect(definitionsOf(twice).length).toBe(2);
  const changed = inside(twice, nodeAt(twice, 8).type, setWidgetValue(4, "steps", 2, 50));
  const steps = definitionsOf(changed).map((one) => one.nodes.find((node) => node.id === 4)?.widgets_values);
  expect(steps).toEqual([
    [0, "randomize", 20, 8, "euler"],
    [0, "randomize", 50, 8, "euler"],
  ]);
  const left = after(changed, removeNodes([7]), removeUnusedDefinitions());
  expect(definitionsOf(left).map((one) => one.id)).toEqual([nodeAt(changed, 8).type]);
  expect(countInstances(left, nodeAt(left, 8).type)).toBe(1);
});

test("subgraphs nest, and are refused within themselves", () => {
  const outer = after(MADE, makeSubgraph([7, 5], "Outer", CATALOGUE));
  expect(faultsOf(outer)).toEqual([]);
  const [first, second] = definitionsOf(outer);
  if (!first || !second) throw new Error("There are not two definitions.");
  expect([first.name, second.name]).toEqual(["Sampling", "Outer"]);
  expect(circleName(outer, first.id, [second.id])).toBe("Sampling");
  expect(circleName(outer, second.id, [first.id])).toBe(null);
  const clipping = copy(outer, outer, { nodes: [8] });
  expect(clipping.subgraphs.map((one) => one.name)).toEqual(["Outer", "Sampling"]);
  expect(() => inside(outer, first.id, paste(clipping))).toThrow(WorkflowError);
  const whole = after(outer, unpackSubgraph(8, CATALOGUE));
  expect(faultsOf(whole)).toEqual([]);
  expect(definitionsOf(whole).map((one) => one.name)).toEqual(["Sampling"]);
});

test("differences name what a person changed", () => {
  const changed = inside(set(MADE, 7, "seed", 77), only(MADE).id, setWidgetValue(4, "steps", 2, 33));
  const diff = diffWorkflows(MADE, changed, CATALOGUE);
  expect(diff.changed.map((one) => [one.title, one.values])).toEqual([
    ["Sampling", [{ name: "seed", from: 0, to: 77 }]],
    ["Sampler", [{ name: "steps", from: 20, to: 33 }]],
  ]);
  expect(diffWorkflows(MADE, MADE, CATALOGUE).isEmpty).toBe(true);
  const made = diffWorkflows(PICTURE, MADE, CATALOGUE);
  expect([made.added.length, made.removed.length, made.subgraphs.added]).toEqual([3, 2, ["Sampling"]]);
});
