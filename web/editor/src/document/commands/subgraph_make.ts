/** Putting nodes into a subgraph. */

import type { Draft } from "immer";
import { current } from "immer";
import { edited, type GraphDraft, inTurn, type Recipe, removeWhere, type WorkflowDraft } from "../edit";
import { type Box, leastSize, nodeBox } from "../geometry";
import { indexOf } from "../links";
import { schemaOf } from "../node_schema";
import type { Catalogue } from "../schema";
import { widgetsOf } from "../widgets";
import type { FreshNode, Graph, NodeId, NodeInput, SubgraphDefinition, Workflow } from "../workflow";
import { INPUT_NODE, keyOf } from "../workflow";
import { connect, disconnect, type End } from "./links";
import { nextLinkId } from "./ids";
import { addNode } from "./nodes";
import { innerValues } from "./subgraph_slots";
import { type Crossing, crossings, define } from "./subgraph_define";
import { promoteWidget } from "./subgraph_edit";

/**
 * Put nodes into a subgraph of their own. Links over its border become its inputs and outputs; seeds and long texts
 * are promoted, as they are what people change most.
 */
export function makeSubgraph(
  ids: readonly NodeId[],
  name: string,
  catalogue: Catalogue,
  made?: (instance: NodeId, definition: string) => void,
): Recipe {
  return (graph, workflow) => {
    const before = plain(graph) as Graph;
    const around = { workflow: plain(workflow) as Workflow, graph: before, catalogue };
    const keys = new Set(ids.map(keyOf));
    const nodes = before.nodes.filter((node) => keys.has(keyOf(node.id)));
    if (nodes.length === 0) return;
    const links = [...indexOf(before).links.values()];
    const [incoming, outgoing] = crossings(before, links, keys);
    const box = boxAround(nodes.map((node) => nodeBox(node, schemaOf(node, around))));
    const count = incoming.reduce((sum, { links: own }) => sum + own.length, outgoing.length);
    const first = nextLinkId(graph, workflow, count);
    const bare = define({ name, graph: before, workflow: around.workflow, nodes, incoming, outgoing, box, first });
    const definition = withUsualWidgets(bare, catalogue);
    const outside = links.filter((link) => keys.has(keyOf(link.from)) !== keys.has(keyOf(link.to)));
    disconnect(outside.map((link) => link.id))(graph, workflow);
    disconnect(links.filter((link) => keys.has(keyOf(link.to))).map((link) => link.id))(graph, workflow);
    removeWhere(graph.nodes, (node) => keys.has(keyOf(node.id)));
    ((workflow.definitions ??= {}).subgraphs ??= []).push(definition as Draft<SubgraphDefinition>);
    const instance = place(definition, box, graph, workflow, catalogue);
    linkInstance(graph, workflow, instance, incoming, outgoing);
    made?.(instance, definition.id);
  };
}

/** A draft as plain data, sharing what has not changed. */
function plain(draft: GraphDraft | WorkflowDraft): unknown {
  return current(draft);
}

function boxAround(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const width = Math.max(...boxes.map((box) => box.x + box.width)) - x;
  return { x, y, width, height: Math.max(...boxes.map((box) => box.y + box.height)) - y };
}

/** A fresh instance of a subgraph, with the values that its promoted widgets have inside. */
export function freshInstance(
  definition: SubgraphDefinition,
  pos: readonly [number, number],
  catalogue: Catalogue,
): FreshNode {
  const fed = new Set(
    (indexOf(definition).outgoing.get(String(INPUT_NODE)) ?? [])
      .filter((link) => indexOf(definition).nodes.get(keyOf(link.to))?.inputs?.[link.toSlot]?.widget)
      .map((link) => link.fromSlot),
  );
  const inputs = (definition.inputs ?? []).map((slot, place): NodeInput => {
    const input = { name: slot.name, type: slot.type, link: null, ...(slot.label ? { label: slot.label } : {}) };
    return fed.has(place) ? { ...input, widget: { name: slot.name } } : input;
  });
  const outputs = (definition.outputs ?? []).map((slot) => ({
    name: slot.name,
    type: slot.type,
    links: null,
    ...(slot.label ? { label: slot.label } : {}),
  }));
  const bare = {
    type: definition.id,
    pos: [pos[0], pos[1]] as const,
    flags: {},
    order: 0,
    mode: 0,
    inputs,
    outputs,
    properties: {},
  };
  const values = innerValues(definition as Graph as GraphDraft, catalogue);
  const whole = values.length > 0 ? { ...bare, widgets_values: values } : bare;
  const [width, height] = leastSize({ id: 0, ...whole }, undefined);
  return { ...whole, size: [Math.max(width, INSTANCE_WIDTH), height] };
}

const INSTANCE_WIDTH = 210;

function place(
  definition: SubgraphDefinition,
  box: Box,
  graph: GraphDraft,
  workflow: WorkflowDraft,
  catalogue: Catalogue,
): NodeId {
  const middle = [box.x + box.width / 2 - INSTANCE_WIDTH / 2, box.y + box.height / 2] as const;
  let id: NodeId = 0;
  addNode(freshInstance(definition, middle, catalogue), (made) => {
    id = made;
  })(graph, workflow);
  return id;
}

function linkInstance(
  graph: GraphDraft,
  workflow: WorkflowDraft,
  instance: NodeId,
  incoming: readonly Crossing[],
  outgoing: readonly Crossing[],
): void {
  const link = (from: End, to: End): void => connect(from, to)(graph, workflow);
  incoming.forEach(({ links: [first] }, slot) => {
    if (first) link({ node: first.from, slot: first.fromSlot }, { node: instance, slot });
  });
  outgoing.forEach(({ links }, slot) => {
    for (const one of links) link({ node: instance, slot }, { node: one.to, slot: one.toSlot });
  });
}

/** A definition that has no instances yet, with the widgets promoted that people change most. */
function withUsualWidgets(definition: SubgraphDefinition, catalogue: Catalogue): SubgraphDefinition {
  const promoted = definition.nodes.flatMap((node) => {
    const schema = catalogue.get(node.type);
    const usual = widgetsOf(node, schema).filter(({ spec, linked }) => {
      return !linked && (spec.multiline || (spec.type === "INT" && spec.controlAfterGenerate));
    });
    return schema ? usual.map(({ name }) => promoteWidget(node.id, name, catalogue)) : [];
  });
  const alone = { nodes: [], links: [], definitions: { subgraphs: [definition] } };
  const [whole] = edited(alone, definition.id, inTurn(...promoted)).definitions?.subgraphs ?? [];
  return whole ?? definition;
}
