/** Pasting what was copied. */

import type { Draft } from "immer";
import type { Clipping } from "../clipboard";
import { usedAmong } from "../definitions";
import type { GraphDraft, Recipe, WorkflowDraft } from "../edit";
import { isSame } from "../equal";
import { freshId } from "../fresh_id";
import { WorkflowError } from "../problems";
import type {
  Group,
  LinkObject,
  NodeId,
  RawLink,
  Scope,
  SubgraphDefinition,
  Workflow,
  WorkflowNode,
} from "../workflow";
import { definitionsOf, keyOf, pair } from "../workflow";
import { nextGroupId, nextLinkId, nextNodeId, nextRerouteId } from "./ids";
import { connect, writtenLink } from "./links";
import { hasLinkObjects, pushReroute, setParent } from "./reroute_lists";

/** What came of pasting. */
export interface Pasted {
  readonly nodes: readonly NodeId[];
  /** Places in the list of groups. */
  readonly groups: readonly number[];
  readonly reroutes: readonly number[];
}

export interface PasteOptions {
  /** Where the top left of it all goes; by default it stays where it was. */
  readonly at?: readonly [number, number];
  /** Link what was linked from outside to the same nodes again, where they are in this graph. */
  readonly outside?: boolean;
  readonly made?: (pasted: Pasted) => void;
}

/** Paste into a graph: fresh ids, links within kept, definitions of subgraphs brought along. */
export function paste(clipping: Clipping, options: PasteOptions = {}): Recipe {
  return (graph, workflow) => {
    const types = bringDefinitions(workflow, clipping);
    refuseCircles(
      graph,
      workflow,
      clipping.nodes.map((node) => types.get(node.type) ?? node.type),
    );
    const [dx, dy] = shift(clipping, options.at);
    const ids = freshIds(graph, workflow, clipping);
    const nodes = clipping.nodes.map((node) => bareNode(node, ids, types, dx, dy));
    const byKey = new Map(nodes.map((node) => [keyOf(node.id), node]));
    const inner = clipping.links.filter((link) => ids.has(keyOf(link.origin_id)) && ids.has(keyOf(link.target_id)));
    const links = relink(graph, workflow, inner, ids, byKey);
    graph.nodes.push(...(nodes as Draft<WorkflowNode>[]));
    graph.links.push(...links.written);
    const reroutes = pasteReroutes(graph, workflow, clipping, links.ids, dx, dy);
    const groups = pasteGroups(graph, workflow, clipping, dx, dy);
    if (options.outside) linkOutside(graph, workflow, clipping, ids);
    options.made?.({ nodes: nodes.map((node) => node.id), groups, reroutes });
  };
}

type Ids = ReadonlyMap<string, NodeId>;
type Fresh = { -readonly [Key in keyof WorkflowNode]: WorkflowNode[Key] };

function shift(clipping: Clipping, at: readonly [number, number] | undefined): [number, number] {
  if (!at) return [0, 0];
  const corners = [...clipping.nodes.map((node) => pair(node.pos)), ...clipping.groups.map((one) => one.bounding)];
  const left = corners.reduce((least, [x]) => Math.min(least, x), Number.POSITIVE_INFINITY);
  const top = corners.reduce((least, corner) => Math.min(least, corner[1]), Number.POSITIVE_INFINITY);
  return corners.length === 0 ? [0, 0] : [at[0] - left, at[1] - top];
}

function freshIds(graph: GraphDraft, workflow: WorkflowDraft, clipping: Clipping): Ids {
  if (clipping.nodes.length === 0) return new Map();
  const first = nextNodeId(graph, workflow, clipping.nodes.length);
  return new Map(clipping.nodes.map((node, place) => [keyOf(node.id), first + place]));
}

/** A copy of a node that has no links yet. */
function bareNode(node: WorkflowNode, ids: Ids, types: ReadonlyMap<string, string>, dx: number, dy: number): Fresh {
  const [x, y] = pair(node.pos);
  const fresh: Fresh = { ...structuredClone(node), id: ids.get(keyOf(node.id)) ?? node.id, pos: [x + dx, y + dy] };
  fresh.type = types.get(node.type) ?? node.type;
  if (node.inputs) fresh.inputs = node.inputs.map((input) => ({ ...input, link: null }));
  if (node.outputs) fresh.outputs = node.outputs.map((output) => ({ ...output, links: null }));
  if (fresh.flags?.pinned) fresh.flags = { ...fresh.flags, pinned: false };
  return fresh;
}

function relink(
  graph: GraphDraft,
  workflow: WorkflowDraft,
  inner: readonly LinkObject[],
  ids: Ids,
  nodes: ReadonlyMap<string, Fresh>,
): { written: Draft<RawLink>[]; ids: ReadonlyMap<number, number> } {
  const first = inner.length > 0 ? nextLinkId(graph, workflow, inner.length) : 0;
  const asObject = hasLinkObjects(graph, workflow);
  const written = inner.map((link, place) => {
    const [from, to] = [ids.get(keyOf(link.origin_id)) ?? 0, ids.get(keyOf(link.target_id)) ?? 0];
    const id = first + place;
    const origin = nodes.get(keyOf(from));
    const target = nodes.get(keyOf(to));
    if (origin?.outputs) origin.outputs = withLink(origin.outputs, link.origin_slot, id);
    if (target?.inputs)
      target.inputs = target.inputs.map((input, slot) => (slot === link.target_slot ? { ...input, link: id } : input));
    const ends = { from, fromSlot: link.origin_slot, to, toSlot: link.target_slot };
    return writtenLink({ id, ...ends, type: link.type }, asObject) as Draft<RawLink>;
  });
  return { written, ids: new Map(inner.map((link, place) => [link.id, first + place])) };
}

function withLink(outputs: NonNullable<WorkflowNode["outputs"]>, slot: number, id: number): typeof outputs {
  return outputs.map((output, place) =>
    place === slot ? { ...output, links: [...(output.links ?? []), id] } : output,
  );
}

function pasteReroutes(
  graph: GraphDraft,
  workflow: WorkflowDraft,
  clipping: Clipping,
  links: ReadonlyMap<number, number>,
  dx: number,
  dy: number,
): number[] {
  const ids = new Map<number, number>();
  let id = clipping.reroutes.length > 0 ? nextRerouteId(graph, workflow) : 0;
  const kept = clipping.reroutes.filter((reroute) => (reroute.linkIds ?? []).some((link) => links.has(link)));
  for (const reroute of kept) {
    ids.set(reroute.id, id);
    id += 1;
  }
  for (const reroute of kept) {
    const [x, y] = pair(reroute.pos);
    const parent = reroute.parentId === undefined ? undefined : ids.get(reroute.parentId);
    const linkIds = (reroute.linkIds ?? []).flatMap((link) => links.get(link) ?? []);
    const pos: [number, number] = [x + dx, y + dy];
    pushReroute(graph, workflow, {
      id: ids.get(reroute.id) ?? 0,
      ...(parent === undefined ? {} : { parentId: parent }),
      pos,
      linkIds,
    });
  }
  const last = [...ids.values()].at(-1);
  const state = graph["state"] as { lastRerouteId?: number } | undefined;
  if (state && last !== undefined) state.lastRerouteId = last;
  for (const link of clipping.links) {
    const parent = link.parentId === undefined ? undefined : ids.get(link.parentId);
    const fresh = links.get(link.id);
    if (parent !== undefined && fresh !== undefined) setParent(graph, fresh, parent);
  }
  return [...ids.values()];
}

function pasteGroups(graph: GraphDraft, workflow: WorkflowDraft, clipping: Clipping, dx: number, dy: number): number[] {
  return clipping.groups.map((group) => {
    const [x, y, width, height] = group.bounding;
    const id = nextGroupId(graph, workflow);
    const groups = (graph.groups ??= []);
    groups.push({ ...structuredClone(group), id, bounding: [x + dx, y + dy, width, height] } as Draft<Group>);
    return groups.length - 1;
  });
}

function linkOutside(graph: GraphDraft, workflow: WorkflowDraft, clipping: Clipping, ids: Ids): void {
  for (const link of clipping.links) {
    const to = ids.get(keyOf(link.target_id));
    if (to === undefined || ids.has(keyOf(link.origin_id))) continue;
    const from = { node: link.origin_id, slot: link.origin_slot };
    connect(from, { node: to, slot: link.target_slot })(graph, workflow);
  }
}

/** Definitions that are not here yet come along; one whose id is taken by another gets a fresh id. */
function bringDefinitions(workflow: WorkflowDraft, clipping: Clipping): ReadonlyMap<string, string> {
  const here = new Map(definitionsOf(workflow as Workflow).map((one) => [one.id, one]));
  const types = new Map<string, string>();
  const used = usedAmong(new Map(clipping.subgraphs.map((one) => [one.id, one])), clipping.nodes);
  const coming = used.filter((one) => {
    const known = here.get(one.id);
    if (known && !isSame(known, one)) types.set(one.id, freshId());
    return !known || types.has(one.id);
  });
  if (coming.length === 0) return types;
  const list = ((workflow.definitions ??= {}).subgraphs ??= []);
  for (const one of coming) list.push(renamed(one, types) as Draft<SubgraphDefinition>);
  return types;
}

function renamed(definition: SubgraphDefinition, types: ReadonlyMap<string, string>): SubgraphDefinition {
  const copy = structuredClone(definition) as SubgraphDefinition;
  const nodes = copy.nodes.map((node) => (types.has(node.type) ? { ...node, type: types.get(node.type) ?? "" } : node));
  return { ...copy, id: types.get(copy.id) ?? copy.id, nodes };
}

/** Throw a WorkflowError if nodes of these types, put into a graph, made a subgraph contain itself. */
export function refuseCircles(graph: GraphDraft, workflow: WorkflowDraft, types: readonly string[]): void {
  const scope: Scope = graph === workflow ? null : String(graph["id"]);
  const name = scope === null ? null : circleName(workflow as Workflow, scope, types);
  if (name !== null) throw new WorkflowError("contains_itself", { name });
}

/** The name of the subgraph `scope`, if one of these types is it, or uses it inside; null if none does. */
export function circleName(workflow: Workflow, scope: string, types: readonly string[]): string | null {
  const known = new Map(definitionsOf(workflow).map((one) => [one.id, one]));
  const used = usedAmong(
    known,
    types.map((type) => ({ id: 0, type, pos: [0, 0] })),
  );
  return used.find((one) => one.id === scope)?.name ?? null;
}
