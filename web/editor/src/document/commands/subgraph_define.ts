/** The definition of a subgraph that nodes are put into: its border, its links, and the nodes as they are inside. */

import { copy } from "../clipboard";
import { freshId } from "../fresh_id";
import type { Box } from "../geometry";
import { indexOf, type Link } from "../links";
import { freeName } from "../names";
import type {
  Graph,
  LinkObject,
  SlotType,
  SubgraphDefinition,
  SubgraphSlot,
  Workflow,
  WorkflowNode,
} from "../workflow";
import { INPUT_NODE, keyOf, OUTPUT_NODE } from "../workflow";

/** What goes over the border: the links of one output, and the slot that they get. */
export interface Crossing {
  readonly slot: SubgraphSlot;
  readonly links: readonly Link[];
}

/** Beside the nodes of a subgraph, and the size of its border nodes, as the stock editor has them. */
const BORDER = { gap: 60, width: 128, height: 48, row: 20 } as const;

/** Links over the border, by the output that they come from. */
export function crossings(graph: Graph, links: readonly Link[], keys: ReadonlySet<string>): [Crossing[], Crossing[]] {
  const into = links.filter((link) => !keys.has(keyOf(link.from)) && keys.has(keyOf(link.to)));
  const out = links.filter((link) => keys.has(keyOf(link.from)) && !keys.has(keyOf(link.to)));
  const { nodes } = indexOf(graph);
  const slotOf = (link: Link, side: "inputs" | "outputs"): { name: string; label?: string; type: SlotType } => {
    const slot =
      side === "inputs"
        ? nodes.get(keyOf(link.to))?.inputs?.[link.toSlot]
        : nodes.get(keyOf(link.from))?.outputs?.[link.fromSlot];
    return {
      name: slot?.name || String(link.type),
      type: side === "inputs" ? link.type : (slot?.type ?? link.type),
      label: slot?.label,
    };
  };
  return [grouped(into, (link) => slotOf(link, "inputs")), grouped(out, (link) => slotOf(link, "outputs"))];
}

function grouped(
  links: readonly Link[],
  slotOf: (link: Link) => { name: string; label?: string; type: SlotType },
): Crossing[] {
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

/** What a definition is made of. */
export interface Plan {
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

/** The definition, which nothing uses yet. */
export function define({ name, graph, workflow, nodes, incoming, outgoing, box, first }: Plan): SubgraphDefinition {
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
      bounding: [
        box.x - BORDER.gap - BORDER.width,
        middle - high(inputs.length) / 2,
        BORDER.width,
        high(inputs.length),
      ],
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
