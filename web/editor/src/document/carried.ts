/** What goes through sockets that take anything: switches, gates and reroutes carry the type of what they are given. */

import { indexOf, type Link } from "./links";
import type { Graph, SlotType, WorkflowNode } from "./workflow";
import { keyOf } from "./workflow";

/** The types at a node's sockets, as far as they follow from its links; by slot. */
export interface Carried {
  readonly inputs: readonly SlotType[];
  readonly outputs: readonly SlotType[];
}

const ANYTHING = "*";

/** The nodes with sockets for anything that something else is known of, by their keys. For showing it, not for files. */
export function carriedIn(graph: Graph): ReadonlyMap<string, Carried> {
  const known = CARRIED.get(graph);
  if (known) return known;
  const found = new Map<string, Carried>();
  for (const node of graph.nodes) {
    const carried = carriedBy(graph, node);
    if (carried) found.set(keyOf(node.id), carried);
  }
  CARRIED.set(graph, found);
  return found;
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const CARRIED = new WeakMap<Graph, ReadonlyMap<string, Carried>>();

function carriedBy(graph: Graph, node: WorkflowNode): Carried | null {
  const inputs = node.inputs ?? [];
  const outputs = node.outputs ?? [];
  if (![...inputs, ...outputs].some(({ type }) => type === ANYTHING)) return null;
  const given = indexOf(graph).incoming.get(keyOf(node.id)) ?? [];
  const through = sourceType(graph, node, new Set());
  const types = {
    inputs: inputs.map(({ type }, slot) => {
      const link = type === ANYTHING ? given.find((one) => one.toSlot === slot) : undefined;
      return link ? linkType(graph, link, new Set([keyOf(node.id)])) : type;
    }),
    outputs: outputs.map(({ type }) => (type === ANYTHING ? through : type)),
  };
  const isNew = (type: SlotType, at: number, slots: readonly { readonly type: SlotType }[]): boolean =>
    type !== slots[at]?.type;
  const differs =
    types.inputs.some((type, at) => isNew(type, at, inputs)) ||
    types.outputs.some((type, at) => isNew(type, at, outputs));
  return differs ? types : null;
}

/** The one type that all links to a node's inputs for anything have; `*` where there is none, or there are several. */
function sourceType(graph: Graph, node: WorkflowNode, passed: Set<string>): SlotType {
  const key = keyOf(node.id);
  if (passed.has(key)) return ANYTHING; // a circle
  passed.add(key);
  const links = indexOf(graph).incoming.get(key) ?? [];
  const given = links.filter((link) => node.inputs?.[link.toSlot]?.type === ANYTHING);
  const types = new Set(given.map((link) => linkType(graph, link, passed)));
  types.delete(ANYTHING);
  const [type] = types;
  return types.size === 1 && type !== undefined ? type : ANYTHING;
}

function linkType(graph: Graph, link: Link, passed: Set<string>): SlotType {
  const node = indexOf(graph).nodes.get(keyOf(link.from));
  const type = node?.outputs?.[link.fromSlot]?.type ?? link.type;
  return type === ANYTHING && node ? sourceType(graph, node, new Set(passed)) : type;
}
