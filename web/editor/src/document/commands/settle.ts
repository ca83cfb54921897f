/**
 * Keeping up the types of nodes that take them from what they are linked to: reroutes, and primitives. Both exist in
 * files alone, so no server keeps them right.
 */

import type { Draft } from "immer";
import { type GraphDraft, type Recipe } from "../edit";
import { isObject } from "../json";
import { readLink } from "../links";
import type { Catalogue } from "../schema";
import { PRIMITIVE, REROUTE } from "../virtual";
import { widgetsNow } from "../widgets";
import type { NodeId, RawLink, SlotType, SubgraphSlot, WorkflowNode } from "../workflow";
import { INPUT_NODE, keyOf, OUTPUT_NODE } from "../workflow";
import { findLinks, findNode } from "./find";

const ANY = "*";
/** What a primitive's output is called before it is linked. */
const UNLINKED = "connect to widget input";

/** Put the types of the reroutes and primitives among these nodes right, after links of theirs have changed. */
export function settleTypes(ids: readonly NodeId[], catalogue?: Catalogue): Recipe {
  return (graph) => {
    const keys = new Set(ids.map(keyOf));
    const concerned = graph.nodes.filter(
      ({ id, type }) => (type === REROUTE || type === PRIMITIVE) && keys.has(keyOf(id)),
    );
    for (const node of concerned) {
      if (node.type === REROUTE) settleReroutes(graph, node.id);
      else settlePrimitive(graph, node, catalogue);
    }
  };
}

/** Reroutes that hang together have one type: that of what they come from, else of what they first go to. */
function settleReroutes(graph: GraphDraft, start: NodeId): void {
  const members = new Map<string, Draft<WorkflowNode>>();
  const links = new Set<number>();
  let source: SlotType | undefined;
  let target: SlotType | undefined;
  const waiting = [keyOf(start)];
  for (const key of waiting) {
    const node = members.has(key) ? undefined : findNode(graph, key);
    if (node?.type !== REROUTE) continue;
    members.set(key, node);
    for (const link of findLinks(graph, (one) => keyOf(one.from) === key || keyOf(one.to) === key)) {
      links.add(link.id);
      const other = keyOf(link.from) === key ? link.to : link.from;
      if (findNode(graph, other)?.type === REROUTE) waiting.push(keyOf(other));
      else if (keyOf(link.to) === key) source ??= typeAt(graph, "outputs", link.from, link.fromSlot);
      else target ??= typeAt(graph, "inputs", link.to, link.toSlot);
    }
  }
  const type = source ?? target ?? ANY;
  for (const node of members.values()) {
    const output = node.outputs?.[0];
    if (output && output.type !== type) output.type = type;
  }
  for (const id of links) setLinkType(graph, id, type);
}

function typeAt(graph: GraphDraft, side: "inputs" | "outputs", node: NodeId, slot: number): SlotType | undefined {
  const borders = graph as { inputs?: Draft<SubgraphSlot>[]; outputs?: Draft<SubgraphSlot>[] };
  if (node === INPUT_NODE) return borders.inputs?.[slot]?.type;
  if (node === OUTPUT_NODE) return borders.outputs?.[slot]?.type;
  return findNode(graph, node)?.[side]?.[slot]?.type;
}

function setLinkType(graph: GraphDraft, id: number, type: SlotType): void {
  const raw = graph.links.find((one) => readLink(one as RawLink)?.id === id);
  if (Array.isArray(raw) && raw[5] !== type) raw[5] = type;
  else if (isObject(raw) && raw["type"] !== type) raw["type"] = type;
}

/** A primitive is what the first widget is that it is linked to, and nothing while it is not linked. */
function settlePrimitive(graph: GraphDraft, node: Draft<WorkflowNode>, catalogue: Catalogue | undefined): void {
  const output = node.outputs?.[0];
  if (!output) return;
  const [link] = findLinks(graph, (one) => keyOf(one.from) === keyOf(node.id));
  const target = link && findNode(graph, link.to);
  const input = link && target?.inputs?.[link.toSlot];
  if (!link) {
    Object.assign(output, { name: UNLINKED, type: ANY });
    delete output.widget;
    delete node.widgets_values;
    delete node.widgets_values_named;
    return;
  }
  if (!target || !input?.widget || output.type !== ANY) return;
  Object.assign(output, { name: String(input.type), type: input.type, widget: { name: input.widget.name } });
  setLinkType(graph, link.id, input.type);
  const schema = catalogue?.get(target.type);
  const widget = widgetsNow(target as WorkflowNode, schema).find((one) => one.name === input.widget?.name);
  if (!widget || !schema || node.widgets_values?.length) return;
  node.widgets_values = [widget.value, ...fixedControl(widget.spec.type)] as Draft<WorkflowNode["widgets_values"]>;
}

/** What stands after a primitive's value in files: its control, and of choices a filter. */
function fixedControl(type: string): string[] {
  if (type === "COMBO") return ["fixed", ""];
  return type === "INT" || type === "FLOAT" ? ["fixed"] : [];
}
