/** Commands on links. Files tell a link in three places (the list and both ends); these keep them in step. */

import type { Draft } from "immer";
import { type GraphDraft, type Recipe, removeWhere, type WorkflowDraft } from "../edit";
import type { Link } from "../links";
import { readLink } from "../links";
import type { Catalogue } from "../schema";
import { typesMatch } from "../socket_types";
import type { NodeId, NodeInput, NodeOutput, RawLink, SlotType, SubgraphSlot } from "../workflow";
import { INPUT_NODE, keyOf, OUTPUT_NODE } from "../workflow";
import { findLinks, findNode, nodeFinder } from "./find";
import { nextLinkId } from "./ids";
import { hasLinkObjects, keepReroutes, reroutesIn, setParent } from "./reroute_lists";
import { settleTypes } from "./settle";
import { borderSlot, keepingValues } from "./subgraph_slots";

/** One end of a link: a slot of a node, or of the border of a subgraph (`INPUT_NODE`, `OUTPUT_NODE`). */
export interface End {
  readonly node: NodeId;
  /** At a border, the number of its slots means a new one. */
  readonly slot: number;
}

/**
 * Link an output to an input, if their types fit; an input has one link, so a former one goes.
 *
 * With the catalogue, a primitive that is linked for the first time takes over the widget's value.
 */
export function connect(from: End, to: End, catalogue?: Catalogue): Recipe {
  return (graph, workflow) => {
    if (keyOf(from.node) === keyOf(to.node)) return;
    const link = (): void => linkUp(graph, workflow, from, to);
    if (from.node === INPUT_NODE) keepingValues(graph, workflow, link, catalogue);
    else link();
    settleTypes([from.node, to.node], catalogue)(graph, workflow);
  };
}

function linkUp(graph: GraphDraft, workflow: WorkflowDraft, from: End, to: End): void {
  const ends = openEnds(graph, workflow, from, to);
  if (!ends) return;
  const { output, input } = ends;
  removeLinks((link) => keyOf(link.to) === keyOf(to.node) && link.toSlot === to.slot)(graph, workflow);
  const id = nextLinkId(graph, workflow);
  const link = {
    id,
    from: from.node,
    fromSlot: from.slot,
    to: to.node,
    toSlot: to.slot,
    type: linkType(output, input),
  };
  graph.links.push(writtenLink(link, hasLinkObjects(graph, workflow)) as Draft<RawLink>);
  remember(output, from.node === INPUT_NODE ? "linkIds" : "links", id);
  if (to.node === OUTPUT_NODE) remember(input, "linkIds", id);
  else (input as Draft<NodeInput>).link = id;
}

type Output = Draft<SubgraphSlot> | Draft<NodeOutput>;
type Input = Draft<SubgraphSlot> | Draft<NodeInput>;

/** Both ends of a link to be, where they are there and fit together; border slots are made on the way. */
function openEnds(
  graph: GraphDraft,
  workflow: WorkflowDraft,
  from: End,
  to: End,
): { output: Output; input: Input } | undefined {
  const output = findNode(graph, from.node)?.outputs?.[from.slot];
  const input = findNode(graph, to.node)?.inputs?.[to.slot];
  if (from.node === INPUT_NODE && input) {
    const slot = borderSlot(graph, workflow, "inputs", from.slot, input);
    return slot && fitting(slot, input);
  }
  if (to.node === OUTPUT_NODE && output) {
    const slot = borderSlot(graph, workflow, "outputs", to.slot, output);
    return slot && fitting(output, slot);
  }
  return output && input && fitting(output, input);
}

function fitting(output: Output, input: Input): { output: Output; input: Input } | undefined {
  return typesMatch(output.type, input.type) ? { output, input } : undefined;
}

function linkType(output: Output, input: Input): SlotType {
  return output.type === "*" ? input.type : output.type;
}

function remember(slot: Record<string, unknown>, field: "links" | "linkIds", id: number): void {
  const before = slot[field];
  slot[field] = [...(Array.isArray(before) ? (before as number[]) : []), id];
}

/** Remove the links with these ids. */
export function disconnect(ids: readonly number[]): Recipe {
  const gone = new Set(ids);
  return removeLinks((link) => gone.has(link.id));
}

/** Remove the link into an input, also one that only the input knows of, as broken files have it. */
export function disconnectInput(end: End): Recipe {
  return (graph, workflow) => {
    removeLinks((link) => keyOf(link.to) === keyOf(end.node) && link.toSlot === end.slot)(graph, workflow);
    const input = findNode(graph, end.node)?.inputs?.[end.slot];
    if (input?.link != null) input.link = null;
  };
}

/** Remove all links from an output. */
export function disconnectOutput(end: End): Recipe {
  return removeLinks((link) => keyOf(link.from) === keyOf(end.node) && link.fromSlot === end.slot);
}

/** Remove the links that a test picks, with the reroutes that nothing goes through any more. */
export function removeLinks(picked: (link: Link) => boolean): Recipe {
  return (graph, workflow) => {
    const gone = findLinks(graph, picked);
    if (gone.length === 0) return;
    const remove = (): void => {
      const ids = new Set(gone.map((link) => link.id));
      removeWhere(graph.links, (raw) => ids.has(readLink(raw as RawLink)?.id ?? Number.NaN));
      const find = nodeFinder(graph);
      for (const link of gone) forget(graph, link, find);
      leaveReroutes(graph, ids);
    };
    if (gone.some((link) => link.from === INPUT_NODE)) keepingValues(graph, workflow, remove);
    else remove();
    settleTypes(gone.flatMap((link) => [link.from, link.to]))(graph, workflow);
  };
}

/** Let the output and the input of a removed link forget it. */
function forget(graph: GraphDraft, link: Link, find: ReturnType<typeof nodeFinder>): void {
  const output = find(link.from)?.outputs?.[link.fromSlot];
  if (output?.links) output.links = output.links.filter((id) => id !== link.id);
  const input = find(link.to)?.inputs?.[link.toSlot];
  if (input?.link === link.id) input.link = null;
  const border = graph as { inputs?: Draft<SubgraphSlot>[]; outputs?: Draft<SubgraphSlot>[] };
  if (link.from === INPUT_NODE) forgetAt(border.inputs?.[link.fromSlot], link.id);
  if (link.to === OUTPUT_NODE) forgetAt(border.outputs?.[link.toSlot], link.id);
}

function forgetAt(slot: Draft<SubgraphSlot> | undefined, id: number): void {
  if (slot?.linkIds) slot.linkIds = slot.linkIds.filter((one) => one !== id);
}

function leaveReroutes(graph: GraphDraft, gone: ReadonlySet<number>): void {
  const touched = reroutesIn(graph).filter((reroute) => reroute.linkIds?.some((id) => gone.has(id)));
  for (const reroute of touched) reroute.linkIds = reroute.linkIds?.filter((id) => !gone.has(id)) ?? [];
  if (touched.length === 0) return;
  for (const id of gone) setParent(graph, id, null);
  keepReroutes(graph, (reroute) => !reroute.linkIds || reroute.linkIds.length > 0);
}

/** A link as files of either version write it. */
export function writtenLink(link: Omit<Link, "reroute">, asObject: boolean): RawLink {
  const { id, from, fromSlot, to, toSlot, type } = link;
  if (!asObject) return [id, from, fromSlot, to, toSlot, type];
  return { id, origin_id: from, origin_slot: fromSlot, target_id: to, target_slot: toSlot, type };
}
