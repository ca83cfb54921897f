/** Editing what a subgraph shows to the outside: recipes for the graph of its definition. */

import type { Draft } from "immer";
import { type GraphDraft, type Recipe, scan, type WorkflowDraft } from "../edit";
import { freshId } from "../fresh_id";
import { isObject } from "../json";
import { readLink } from "../links";
import type { Catalogue } from "../schema";
import { usedAmong } from "../definitions";
import { widgetsNow } from "../widgets";
import type { NodeId, RawLink, SlotType, SubgraphDefinition, SubgraphSlot, Workflow, WorkflowNode } from "../workflow";
import { definitionsOf, INPUT_NODE, keyOf, OUTPUT_NODE } from "../workflow";
import { findLinks, findNode } from "./find";
import { graphsOf } from "./ids";
import { connect, disconnect, type End, removeLinks } from "./links";
import { type Definition, instancesOf, isDefinition, keepingValues, pushSlot, type Side } from "./subgraph_slots";

/** Name the subgraph. */
export function renameSubgraph(name: string): Recipe {
  return onDefinition((definition) => {
    definition.name = name;
  });
}

/** Add an input or output behind the others. */
export function addSlot(side: Side, name: string, type: SlotType): Recipe {
  return onDefinition((definition, workflow) => pushSlot(definition, workflow, side, name, type));
}

/** Call an input or output something else. Its name, by which files find it, stays; its label changes everywhere. */
export function renameSlot(side: Side, place: number, label: string): Recipe {
  return onDefinition((definition, workflow) => {
    const slot = definition[side]?.[place];
    if (!slot) return;
    slot.label = label;
    for (const instance of instancesOf(workflow, definition.id)) {
      const own = instance[side]?.[place];
      if (own) own.label = label;
    }
  });
}

/** Remove an input or output, with its links inside and at every instance. */
export function removeSlot(side: Side, place: number): Recipe {
  return onDefinition((definition, workflow) => {
    const count = definition[side]?.length ?? 0;
    const left = Array.from({ length: count }, (_, number) => number).filter((number) => number !== place);
    takeSlots(definition, workflow, side, left);
  });
}

/** Put an input or output at another place among its like. */
export function moveSlot(side: Side, from: number, to: number): Recipe {
  return onDefinition((definition, workflow) => {
    const order = Array.from({ length: definition[side]?.length ?? 0 }, (_, number) => number);
    const [moved] = order.splice(from, 1);
    if (moved === undefined) return;
    order.splice(to, 0, moved);
    takeSlots(definition, workflow, side, order);
  });
}

/** Keep the slots at these places, in this order, here and at every instance. */
function takeSlots(definition: Definition, workflow: WorkflowDraft, side: Side, order: readonly number[]): void {
  const border = side === "inputs" ? INPUT_NODE : OUTPUT_NODE;
  const now = new Map(order.map((before, after) => [before, after]));
  keepingValues(definition, workflow, () => {
    const lost = (node: NodeId) =>
      removeLinks((link) =>
        side === "inputs"
          ? (keyOf(link.from) === keyOf(node) && node === INPUT_NODE && !now.has(link.fromSlot)) ||
            (keyOf(link.to) === keyOf(node) && node !== INPUT_NODE && !now.has(link.toSlot))
          : (keyOf(link.to) === keyOf(node) && node === OUTPUT_NODE && !now.has(link.toSlot)) ||
            (keyOf(link.from) === keyOf(node) && node !== OUTPUT_NODE && !now.has(link.fromSlot)),
      );
    lost(border)(definition, workflow);
    definition[side] = order.flatMap((place) => definition[side]?.[place] ?? []) as Draft<SubgraphSlot>[];
    renumber(definition, border, side === "inputs" ? "from" : "to", now);
    for (const graph of graphsOf(workflow)) {
      for (const instance of graph.nodes.filter((node) => node.type === definition.id)) {
        lost(instance.id)(graph, workflow);
        const slots = instance[side] ?? [];
        Object.assign(instance, { [side]: order.flatMap((place) => slots[place] ?? []) });
        renumber(graph, instance.id, side === "inputs" ? "to" : "from", now);
      }
    }
  });
}

/** Write new slot numbers into the links at one end. */
function renumber(graph: GraphDraft, node: NodeId, end: "from" | "to", now: ReadonlyMap<number, number>): void {
  const [tuplePlace, field] = end === "from" ? ([2, "origin_slot"] as const) : ([4, "target_slot"] as const);
  const touched: number[] = [];
  scan(graph.links, (raw, place) => {
    const link = readLink(raw as RawLink);
    if (link && keyOf(link[end]) === keyOf(node)) touched.push(place);
  });
  for (const place of touched) {
    const raw = graph.links[place];
    if (Array.isArray(raw)) raw[tuplePlace] = now.get(Number(raw[tuplePlace])) ?? 0;
    else if (isObject(raw)) raw[field] = now.get(Number(raw[field])) ?? 0;
  }
}

/** Let every instance show a widget of a node inside: it becomes an input of the subgraph. */
export function promoteWidget(node: NodeId, widget: string, catalogue: Catalogue): Recipe {
  return onDefinition((definition, workflow) => {
    const slot = widgetSocket(definition, node, widget, catalogue);
    const place = definition.inputs?.length ?? 0;
    if (slot === null || findNode(definition, node)?.inputs?.[slot]?.link != null) return;
    connect({ node: INPUT_NODE, slot: place }, { node, slot }, catalogue)(definition, workflow);
  });
}

/** Take a promoted widget back: its input of the subgraph goes, unless it feeds something else as well. */
export function demoteWidget(node: NodeId, widget: string): Recipe {
  return onDefinition((definition, workflow) => {
    const slot = findNode(definition, node)?.inputs?.findIndex((input) => input.widget?.name === widget) ?? -1;
    const [link] = findLinks(definition, (one) => keyOf(one.to) === keyOf(node) && one.toSlot === slot);
    if (!link || link.from !== INPUT_NODE) return;
    const others = findLinks(definition, (one) => one.from === INPUT_NODE && one.fromSlot === link.fromSlot);
    if (others.length > 1) disconnect([link.id])(definition, workflow);
    else removeSlot("inputs", link.fromSlot)(definition, workflow);
  });
}

/** The input that stands for a widget, made where an older file has none; null when there is no such widget. */
export function widgetSocket(graph: GraphDraft, id: NodeId, widget: string, catalogue: Catalogue): number | null {
  const node = findNode(graph, id);
  if (!node) return null;
  const known = (node.inputs ?? []).findIndex((input) => input.widget?.name === widget);
  if (known >= 0) return known;
  const found = widgetsNow(node as WorkflowNode, catalogue.get(node.type)).find((one) => one.name === widget);
  if (!found) return null;
  const inputs = (node.inputs ??= []);
  inputs.push({ name: widget, type: found.spec.type, link: null, widget: { name: widget } });
  return inputs.length - 1;
}

/** Give an instance a definition of its own, a copy of the one it shares. For the graph that holds the instance. */
export function makeIndependent(instance: NodeId, made?: (definition: string) => void): Recipe {
  return (graph, workflow) => {
    const node = findNode(graph, instance);
    const shared = workflow.definitions?.subgraphs?.find((one) => one.id === node?.type);
    if (!node || !shared) return;
    const id = freshId();
    const copy = JSON.parse(JSON.stringify(shared)) as Draft<SubgraphDefinition>;
    workflow.definitions?.subgraphs?.push({ ...copy, id });
    node.type = id;
    made?.(id);
  };
}

/** Remove the definitions that no node uses, at the top level or inside those that are used. */
export function removeUnusedDefinitions(): Recipe {
  return (_, workflow) => {
    const whole = workflow as Workflow;
    const used = new Set(
      usedAmong(new Map(definitionsOf(whole).map((one) => [one.id, one])), whole.nodes).map((one) => one.id),
    );
    const list = workflow.definitions?.subgraphs;
    if (list?.some((one) => !used.has(one.id))) {
      workflow.definitions = { ...workflow.definitions, subgraphs: list.filter((one) => used.has(one.id)) };
    }
  };
}

/** Link an output to a widget, whose input is made where an older file has none. */
export function connectToWidget(from: End, node: NodeId, widget: string, catalogue: Catalogue): Recipe {
  return (graph, workflow) => {
    const slot = widgetSocket(graph, node, widget, catalogue);
    if (slot !== null) connect(from, { node, slot }, catalogue)(graph, workflow);
  };
}

function onDefinition(change: (definition: Definition, workflow: WorkflowDraft) => void): Recipe {
  return (graph, workflow) => {
    if (isDefinition(graph, workflow)) change(graph, workflow);
  };
}
