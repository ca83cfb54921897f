/** The inputs and outputs of a subgraph's definition, and what their changes mean for its instances. */

import type { Draft } from "immer";
import { type GraphDraft, scan, type WorkflowDraft } from "../edit";
import { freshId } from "../fresh_id";
import type { Json } from "../json";
import { freeName } from "../names";
import type { Catalogue } from "../schema";
import { widgetsNow } from "../widgets";
import type { Graph, NodeOutput, SlotType, SubgraphSlot, Workflow, WorkflowNode } from "../workflow";
import { definitionsOf, INPUT_NODE, keyOf } from "../workflow";
import { findLinks, findNode } from "./find";
import { graphsOf } from "./ids";

export type Side = "inputs" | "outputs";
export type Definition = GraphDraft & {
  id: string;
  name: string;
  inputs?: Draft<SubgraphSlot>[];
  outputs?: Draft<SubgraphSlot>[];
};

/** Whether a graph is the inside of a subgraph. */
export function isDefinition(graph: GraphDraft, workflow: WorkflowDraft): graph is Definition {
  return graph !== workflow;
}

/** The slot at a place of a subgraph's border; the place after the last one makes a new slot like the one given. */
export function borderSlot(
  graph: GraphDraft,
  workflow: WorkflowDraft,
  side: Side,
  place: number,
  like: { name: string; type: SlotType; label?: string },
): Draft<SubgraphSlot> | undefined {
  if (!isDefinition(graph, workflow)) return undefined;
  const slots = (graph[side] ??= []);
  if (place === slots.length) pushSlot(graph, workflow, side, like.label ?? like.name, like.type);
  return slots[place];
}

/** Add an input or output behind the others, to a subgraph and all its instances. */
export function pushSlot(graph: Definition, workflow: WorkflowDraft, side: Side, name: string, type: SlotType): void {
  const slots = (graph[side] ??= []);
  const free = freeName(
    name || String(type),
    slots.map((slot) => slot.name),
  );
  slots.push({ id: freshId(), name: free, type, linkIds: [] } as Draft<SubgraphSlot>);
  for (const instance of instancesOf(workflow, graph.id)) {
    if (side === "inputs") (instance.inputs ??= []).push({ name: free, type, link: null });
    else (instance.outputs ??= []).push({ name: free, type, links: null } as Draft<NodeOutput>);
  }
}

/** The drafts of a subgraph's instances, in all graphs of a workflow. */
export function instancesOf(workflow: WorkflowDraft, definition: string): Draft<WorkflowNode>[] {
  return graphsOf(workflow).flatMap((graph) => graph.nodes.filter((node) => node.type === definition));
}

/**
 * Make a change to the border of a subgraph, after which each instance's values are still those of the same inputs.
 * Instances keep a value for each input that feeds a widget, by place.
 */
export function keepingValues(
  graph: GraphDraft,
  workflow: WorkflowDraft,
  change: () => void,
  catalogue?: Catalogue,
): void {
  if (!isDefinition(graph, workflow)) {
    change();
    return;
  }
  const before = fedSlots(graph);
  change();
  const after = fedSlots(graph);
  if (before.length === after.length && before.every((id, place) => id === after[place])) return;
  const inner = after.map((id) => (before.includes(id) ? null : innerValue(graph, id, catalogue)));
  for (const instance of instancesOf(workflow, graph.id)) {
    markWidgets(graph, instance, after);
    const values = instance.widgets_values ?? [];
    if (!Array.isArray(values) || values.length !== before.length) continue;
    const old = [...(values as Json[])];
    instance.widgets_values = after.map((id, place) => {
      const known = before.indexOf(id);
      return known >= 0 ? old[known] : inner[place];
    }) as Draft<WorkflowNode["widgets_values"]>;
    delete instance.widgets_values_named;
  }
}

/** The values inside of the widgets that a subgraph's inputs feed: what an instance without values of its own has. */
export function innerValues(graph: GraphDraft, catalogue?: Catalogue): Json[] {
  const definition = graph as Definition;
  return fedSlots(definition).map((id) => innerValue(definition, id, catalogue));
}

/** The ids of the inputs that feed a widget, in their order. */
function fedSlots(graph: Definition): string[] {
  const fed = new Set<number>();
  for (const link of findLinks(graph, (one) => one.from === INPUT_NODE)) {
    if (findNode(graph, link.to)?.inputs?.[link.toSlot]?.widget) fed.add(link.fromSlot);
  }
  return (graph.inputs ?? []).filter((_, number) => fed.has(number)).map((slot) => slot.id);
}

/** The inputs of an instance that stand for widgets say so. */
function markWidgets(graph: Definition, instance: Draft<WorkflowNode>, fed: readonly string[]): void {
  (graph.inputs ?? []).forEach((slot, place) => {
    const input = instance.inputs?.[place];
    if (!input) return;
    if (fed.includes(slot.id)) input.widget = { name: input.name };
    else delete input.widget;
  });
}

/** The value of the widget that an input feeds. */
function innerValue(graph: Definition, id: string, catalogue: Catalogue | undefined): Json {
  const number = (graph.inputs ?? []).findIndex((slot) => slot.id === id);
  for (const link of findLinks(graph, (one) => one.from === INPUT_NODE && one.fromSlot === number)) {
    const node = findNode(graph, link.to);
    const name = node?.inputs?.[link.toSlot]?.widget?.name;
    const widgets = node && widgetsNow(node as WorkflowNode, catalogue?.get(node.type));
    const widget = widgets?.find((one) => one.name === name);
    if (widget) return widget.value;
  }
  return null;
}

/** How many nodes of a workflow are instances of a definition. */
export function countInstances(workflow: Workflow, definition: string): number {
  const graphs: readonly Graph[] = [workflow, ...definitionsOf(workflow)];
  let count = 0;
  for (const graph of graphs) {
    scan(graph.nodes, (node) => {
      if (keyOf(node.type) === definition) count += 1;
    });
  }
  return count;
}
