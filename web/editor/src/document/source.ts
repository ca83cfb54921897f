/**
 * Where a value really comes from: past reroutes, bypassed nodes and the borders of subgraphs, as the server resolves
 * them when it makes a prompt of a workflow.
 */

import { inputBehind } from "./bypass";
import { indexOf, type Link } from "./links";
import { PRIMITIVE, REROUTE } from "./virtual";
import type { Graph, NodeId, SlotType, SubgraphDefinition, Workflow, WorkflowNode } from "./workflow";
import { definitionOf, graphOf, INPUT_NODE, keyOf, Mode, OUTPUT_NODE } from "./workflow";

/** A step into a subgraph. */
interface Step {
  readonly instance: NodeId;
  readonly subgraph: string;
}

/** An output of a node that runs, by the id that the server gives the node: "5:3" is node 3 inside instance 5. */
export interface Source {
  readonly node: string;
  readonly slot: number;
}

/** An output in the graph that a trail leads to, and the type that is wanted of it at the other end. */
interface Place {
  readonly trail: readonly Step[];
  readonly from: NodeId;
  readonly slot: number;
  readonly wanted: SlotType;
}

/** What comes in by a link of the graph that `trail` leads to; null: no node gives it, or the one that would is off. */
export function sourceOfLink(workflow: Workflow, trail: readonly Step[], link: Link): Source | null {
  const graph = graphAt(workflow, trail);
  const target = graph && indexOf(graph).nodes.get(keyOf(link.to))?.inputs?.[link.toSlot];
  const end = link.to === OUTPUT_NODE ? (graph as Partial<SubgraphDefinition>).outputs?.[link.toSlot] : target;
  return follow(workflow, { trail, from: link.from, slot: link.fromSlot, wanted: end?.type ?? link.type });
}

/** What goes out of an output of a node of that graph. */
export function sourceOfOutput(
  workflow: Workflow,
  trail: readonly Step[],
  node: WorkflowNode,
  slot: number,
): Source | null {
  return follow(workflow, { trail, from: node.id, slot, wanted: node.outputs?.[slot]?.type ?? "*" });
}

function follow(workflow: Workflow, start: Place): Source | null {
  const passed = new Set<string>();
  let place: Place | Source | null = start;
  while (place && "from" in place) {
    const key = [...place.trail.map((step) => step.instance), place.from, place.slot].join(":");
    if (passed.has(key)) return null; // a circle: nothing ever arrives
    passed.add(key);
    place = stepBack(workflow, place);
  }
  return place;
}

function stepBack(workflow: Workflow, place: Place): Place | Source | null {
  const { trail, from, slot, wanted } = place;
  const graph = graphAt(workflow, trail);
  if (!graph) return null;
  if (from === INPUT_NODE) return outside(workflow, place, graph);
  const node = indexOf(graph).nodes.get(keyOf(from));
  if (!node) return null;
  if (node.type === REROUTE) return before(place, graph, node, 0);
  if (node.mode === Mode.never || node.type === PRIMITIVE) return null;
  if (node.mode === Mode.bypass) return before(place, graph, node, inputBehind(node, slot, wanted));
  const definition = definitionOf(workflow, node);
  if (definition) return inside(place, node, definition);
  return { node: trail.map((step) => `${step.instance}:`).join("") + keyOf(node.id), slot };
}

/** The output that a node's input is linked to. */
function before(place: Place, graph: Graph, node: WorkflowNode, input: number | undefined): Place | null {
  const link = indexOf(graph)
    .incoming.get(keyOf(node.id))
    ?.find((one) => one.toSlot === input);
  return link ? { ...place, from: link.from, slot: link.fromSlot } : null;
}

/** From a subgraph's input out to what its instance is given there. */
function outside(workflow: Workflow, place: Place, graph: Graph): Place | null {
  const last = place.trail.at(-1);
  const trail = place.trail.slice(0, -1);
  const around = graphAt(workflow, trail);
  const instance = last && around && indexOf(around).nodes.get(keyOf(last.instance));
  if (!instance) return null;
  const names = ((graph as Partial<SubgraphDefinition>).inputs ?? []).map((slot) => slot.name);
  const input = samePlace(
    names,
    (instance.inputs ?? []).map((one) => one.name),
    place.slot,
  );
  return before({ ...place, trail }, around, instance, input);
}

/** From an instance's output to what gives it inside. */
function inside(place: Place, node: WorkflowNode, definition: SubgraphDefinition): Place | null {
  const names = (node.outputs ?? []).map((one) => one.name);
  const output = samePlace(
    names,
    (definition.outputs ?? []).map((slot) => slot.name),
    place.slot,
  );
  const link = indexOf(definition)
    .incoming.get(String(OUTPUT_NODE))
    ?.find((one) => one.toSlot === output);
  const trail = [...place.trail, { instance: node.id, subgraph: definition.id }];
  return link ? { ...place, trail, from: link.from, slot: link.fromSlot } : null;
}

/** Slots of a subgraph and of its instances find each other by name where only one has it, else by place. */
function samePlace(names: readonly string[], others: readonly string[], place: number): number {
  const name = names[place];
  const found = name === undefined ? -1 : others.indexOf(name);
  return found >= 0 && found === others.lastIndexOf(name ?? "") ? found : place;
}

function graphAt(workflow: Workflow, trail: readonly Step[]): Graph | undefined {
  return graphOf(workflow, trail.at(-1)?.subgraph ?? null);
}
