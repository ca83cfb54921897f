/** Putting nodes into a subgraph. */

import type { Draft } from "immer";
import { current } from "immer";
import { copy } from "../clipboard";
import { edited, type GraphDraft, inTurn, type Recipe, removeWhere, type WorkflowDraft } from "../edit";
import { freshId } from "../fresh_id";
import { type Box, leastSize, nodeBox } from "../geometry";
import { indexOf, type Link } from "../links";
import { freeName } from "../names";
import { schemaOf } from "../node_schema";
import type { Catalogue } from "../schema";
import { widgetsOf } from "../widgets";
import type {
  FreshNode,
  Graph,
  LinkObject,
  NodeId,
  NodeInput,
  SlotType,
  SubgraphDefinition,
  SubgraphSlot,
  Workflow,
  WorkflowNode,
} from "../workflow";
import { INPUT_NODE, keyOf, OUTPUT_NODE } from "../workflow";
import { connect, disconnect, type End } from "./links";
import { nextLinkId } from "./ids";
import { addNode } from "./nodes";
import { innerValues } from "./subgraph_slots";
import { promoteWidget } from "./subgraph_edit";

/** What goes over the border: the links of one output, and the slot that they get. */
interface Crossing {
  readonly slot: SubgraphSlot;
  readonly links: readonly Link[];
}

/** Beside the nodes of a subgraph, and the size of its border nodes, as the stock editor has them. */
const BORDER = { gap: 60, width: 128, height: 48, row: 20 } as const;

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

/** Links over the border, by the output that they come from. */
function crossings(graph: Graph, links: readonly Link[], keys: ReadonlySet<string>): [Crossing[], Crossing[]] {
  const into = links.filter((link) => !keys.has(keyOf(link.from)) && keys.has(keyOf(link.to)));
  const out = links.filter((link) => keys.has(keyOf(link.from)) && !keys.has(keyOf(link.to)));
  const { nodes } = indexOf(graph);
  const slotOf = (link: Link, side: "inputs" | "outputs"): { name: string; label?: string; type: SlotType } => {
    const slot =
      side === "inputs" ? nodes.get(keyOf(link.to))?.inputs?.[link.toSlot] : nodes.get(keyOf(link.from))?.outputs?.[link.fromSlot];
    return { name: slot?.name || String(link.type), type: side === "inputs" ? link.type : (slot?.type ?? link.type), label: slot?.label };
  };
  return [grouped(into, (link) => slotOf(link, "inputs")), grouped(out, (link) => slotOf(link, "outputs"))];
}

function grouped(links: readonly Link[], slotOf: (link: Link) => { name: string; label?: string; type: SlotType }): Crossing[] {
  const byOutput = new Map<string, Link[]>();
  for (const link of links) {
    const key = `${keyOf(link.from)} ${link.fromSlot}`;
    byOutput.set(key, [...(byOutput.get(key) ?? []), link]);
  }
  const taken: string[] = [];
  return [...byOutput.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { name, label, type } = slotOf(first);
    const free = freeName(name, taken);
    taken.push(free);
    return { slot: { id: freshId(), name: free, type, linkIds: [], ...(label ? { label } : {}) }, links: group };
  });
}

function boxAround(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const width = Math.max(...boxes.map((box) => box.x + box.width)) - x;
  return { x, y, width, height: Math.max(...boxes.map((box) => box.y + box.height)) - y };
}

interface Plan {
  readonly name: string;
  readonly graph: Graph;
  readonly workflow: Workflow;
  readonly nodes: readonly WorkflowNode[];
  readonly incoming: readonly Crossing[];
  readonly outgoing: readonly Crossing[];
  readonly box: Box;
  /** The first of the ids that links over the border get. */
  readonly first: number;
}

function define({ name, graph, workflow, nodes, incoming, outgoing, box, first }: Plan): SubgraphDefinition {
  const keys = new Set(nodes.map((node) => keyOf(node.id)));
  const clipping = copy(workflow, graph, { nodes: nodes.map((node) => node.id) });
  const inner = clipping.links.filter((link) => keys.has(keyOf(link.origin_id)));
  let last = first - 1;
  const border: LinkObject[] = [];
  const written = (link: Omit<LinkObject, "id">): number => {
    last += 1;
    border.push({ ...link, id: last } as LinkObject);
    return last;
  };
  const inputs = incoming.map(({ slot, links }, place) => {
    const linkIds = links.map(({ to, toSlot, type }) =>
      written({ origin_id: INPUT_NODE, origin_slot: place, target_id: to, target_slot: toSlot, type }),
    );
    return { ...slot, linkIds };
  });
  const outputs = outgoing.map(({ slot, links: [one] }, place) => {
    if (!one) return slot;
    const ends = { origin_id: one.from, origin_slot: one.fromSlot, target_id: OUTPUT_NODE, target_slot: place };
    return { ...slot, linkIds: [written({ ...ends, type: one.type })] };
  });
  const links = [...inner, ...border];
  const middle = box.y + box.height / 2;
  const high = (slots: number): number => BORDER.height + BORDER.row * slots;
  return {
    id: freshId(),
    version: 1,
    state: {
      lastGroupId: 0,
      lastNodeId: nodes.reduce((largest, node) => Math.max(largest, Number(node.id) || 0), 0),
      lastLinkId: last,
      lastRerouteId: clipping.reroutes.reduce((largest, one) => Math.max(largest, one.id), 0),
    },
    revision: 0,
    config: {},
    name,
    inputNode: {
      id: INPUT_NODE,
      bounding: [box.x - BORDER.gap - BORDER.width, middle - high(inputs.length) / 2, BORDER.width, high(inputs.length)],
    },
    outputNode: {
      id: OUTPUT_NODE,
      bounding: [box.x + box.width + BORDER.gap, middle - high(outputs.length) / 2, BORDER.width, high(outputs.length)],
    },
    inputs,
    outputs,
    widgets: [],
    nodes: nodes.map((node) => linkedWithin(node, links)),
    groups: [],
    links,
    ...(clipping.reroutes.length > 0 ? { reroutes: clipping.reroutes } : {}),
    extra: {},
  };
}

/** A node whose slots name the links of the subgraph. */
function linkedWithin(node: WorkflowNode, links: readonly LinkObject[]): WorkflowNode {
  const key = keyOf(node.id);
  const into = new Map(links.filter((one) => keyOf(one.target_id) === key).map((one) => [one.target_slot, one.id]));
  const out = links.filter((one) => keyOf(one.origin_id) === key);
  return {
    ...node,
    ...(node.inputs ? { inputs: node.inputs.map((input, slot) => ({ ...input, link: into.get(slot) ?? null })) } : {}),
    ...(node.outputs
      ? {
          outputs: node.outputs.map((output, slot) => {
            const ids = out.filter((link) => link.origin_slot === slot).map((link) => link.id);
            return { ...output, links: ids.length > 0 ? ids : null };
          }),
        }
      : {}),
  };
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
  const bare = { type: definition.id, pos: [pos[0], pos[1]] as const, flags: {}, order: 0, mode: 0, inputs, outputs, properties: {} };
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
