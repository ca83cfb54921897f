/** Links as one shape, whichever way a file writes them, and where to find them. */

import { isDraft } from "immer";
import { isObject } from "./json";
import type {
  Graph,
  LinkObject,
  LinkTuple,
  NodeId,
  RawLink,
  SlotType,
  SubgraphDefinition,
  WorkflowNode,
} from "./workflow";
import { INPUT_NODE, keyOf, OUTPUT_NODE } from "./workflow";

export interface Link {
  readonly id: number;
  readonly from: NodeId;
  readonly fromSlot: number;
  readonly to: NodeId;
  readonly toSlot: number;
  readonly type: SlotType;
  /** The reroute that is nearest to the target. */
  readonly reroute: number | null;
}

/** What is looked up often in a graph, made once for each version of it. Links without both ends are left out. */
export interface GraphIndex {
  readonly nodes: ReadonlyMap<string, WorkflowNode>;
  readonly links: ReadonlyMap<number, Link>;
  /** Links by the key of the node that they come from, and that they go to. */
  readonly outgoing: ReadonlyMap<string, readonly Link[]>;
  readonly incoming: ReadonlyMap<string, readonly Link[]>;
}

/** A link as it is written in a file; null where there is none or where it cannot be read. */
export function readLink(raw: RawLink): Link | null {
  const read = Array.isArray(raw) ? readTuple(raw) : readObject(raw);
  if (!read || !isId(read.from) || !isId(read.to)) return null;
  return Number.isInteger(read.fromSlot) && Number.isInteger(read.toSlot) ? read : null;
}

function readTuple(raw: readonly unknown[]): Link | null {
  const [id, from, fromSlot, to, toSlot, type] = raw as LinkTuple;
  if (typeof id !== "number") return null;
  return { id, from, fromSlot, to, toSlot, type: type ?? "*", reroute: null };
}

function readObject(raw: RawLink): Link | null {
  if (!isObject(raw) || typeof raw["id"] !== "number") return null;
  const link = raw as unknown as LinkObject;
  return {
    id: link.id,
    from: link.origin_id,
    fromSlot: link.origin_slot,
    to: link.target_id,
    toSlot: link.target_slot,
    type: link.type ?? "*",
    reroute: link.parentId ?? null,
  };
}

function isId(value: unknown): value is NodeId {
  return typeof value === "number" || typeof value === "string";
}

/** Whether both ends of a link are there; files may hold others, which are kept but nowhere to be seen. */
export function isLinkWhole(link: Link, nodes: ReadonlyMap<string, WorkflowNode>, graph: Graph): boolean {
  const border = graph as Partial<SubgraphDefinition>;
  const outputs = link.from === INPUT_NODE ? border.inputs : nodes.get(keyOf(link.from))?.outputs;
  const inputs = link.to === OUTPUT_NODE ? border.outputs : nodes.get(keyOf(link.to))?.inputs;
  return outputs?.[link.fromSlot] !== undefined && inputs?.[link.toSlot] !== undefined;
}

/** The index of a graph. Graphs are immutable, so it is kept for as long as the graph is. */
export function indexOf(graph: Graph): GraphIndex {
  const known = INDEXES.get(graph);
  if (known) return known;
  const made = makeIndex(graph);
  if (!isDraft(graph)) INDEXES.set(graph, made);
  return made;
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const INDEXES = new WeakMap<Graph, GraphIndex>();

function makeIndex(graph: Graph): GraphIndex {
  const nodes = new Map<string, WorkflowNode>();
  for (const node of graph.nodes) nodes.set(keyOf(node.id), node);
  const parents = linkParents(graph);
  const links = new Map<number, Link>();
  const outgoing = new Map<string, Link[]>();
  const incoming = new Map<string, Link[]>();
  for (const raw of graph.links) {
    const read = readLink(raw);
    if (read === null) continue;
    const parent = parents.get(read.id);
    const link = parent === undefined ? read : { ...read, reroute: parent };
    if (!isLinkWhole(link, nodes, graph)) continue;
    links.set(link.id, link);
    push(outgoing, keyOf(link.from), link);
    push(incoming, keyOf(link.to), link);
  }
  return { nodes, links, outgoing, incoming };
}

/** Version 0.4 keeps the reroutes of links beside them, in `extra.linkExtensions`. */
function linkParents(graph: Graph): Map<number, number> {
  const found = new Map<number, number>();
  const extensions = graph.extra?.["linkExtensions"];
  if (!Array.isArray(extensions)) return found;
  for (const extension of extensions) {
    if (!isObject(extension)) continue;
    const { id, parentId } = extension;
    if (typeof id === "number" && typeof parentId === "number") found.set(id, parentId);
  }
  return found;
}

function push(map: Map<string, Link[]>, key: string, link: Link): void {
  const list = map.get(key);
  if (list) list.push(link);
  else map.set(key, [link]);
}
