/** Commands on links. Files tell a link in three places (the list and both ends); these keep them in step. */

import type { Draft } from "immer";
import type { GraphDraft, Recipe } from "../edit";
import type { Link } from "../links";
import { readLink } from "../links";
import type { NodeId, RawLink, WorkflowNode } from "../workflow";
import { INPUT_NODE, keyOf, OUTPUT_NODE } from "../workflow";
import { nextLinkId } from "./ids";

/** One end of a link. */
export interface End {
  readonly node: NodeId;
  readonly slot: number;
}

/** Link an output to an input; an input has one link, so a former one goes. */
export function connect(from: End, to: End): Recipe {
  return (graph, workflow) => {
    removeLinks((link) => keyOf(link.to) === keyOf(to.node) && link.toSlot === to.slot)(graph, workflow);
    const origin = findNode(graph, from.node);
    const target = findNode(graph, to.node);
    const output = origin?.outputs?.[from.slot];
    const input = target?.inputs?.[to.slot];
    if (!output || !input) return;
    const id = nextLinkId(graph, workflow);
    graph.links.push(writtenLink(graph, workflow, id, from, to, output.type) as Draft<RawLink>);
    output.links = [...(output.links ?? []), id];
    input.link = id;
  };
}

/** Remove the links that a test picks. */
export function removeLinks(picked: (link: Link) => boolean): Recipe {
  return (graph) => {
    const gone = new Map<number, Link>();
    for (const raw of graph.links) {
      const link = readLink(raw as RawLink);
      if (link && picked(link)) gone.set(link.id, link);
    }
    if (gone.size === 0) return;
    graph.links = graph.links.filter((raw) => {
      const link = readLink(raw as RawLink);
      return link === null || !gone.has(link.id);
    });
    for (const link of gone.values()) forget(graph, link);
  };
}

function forget(graph: GraphDraft, link: Link): void {
  const output = findNode(graph, link.from)?.outputs?.[link.fromSlot];
  if (output?.links) output.links = output.links.filter((id) => id !== link.id);
  const input = findNode(graph, link.to)?.inputs?.[link.toSlot];
  if (input?.link === link.id) input.link = null;
}

function writtenLink(
  graph: GraphDraft,
  workflow: GraphDraft,
  id: number,
  from: End,
  to: End,
  type: string | number,
): RawLink {
  const asObjects = graph !== workflow || (workflow as { version?: unknown }).version === 1;
  if (!asObjects) return [id, from.node, from.slot, to.node, to.slot, type];
  return { id, origin_id: from.node, origin_slot: from.slot, target_id: to.node, target_slot: to.slot, type };
}

function findNode(graph: GraphDraft, id: NodeId): Draft<WorkflowNode> | undefined {
  const key = keyOf(id);
  if (key === String(INPUT_NODE) || key === String(OUTPUT_NODE)) return undefined;
  return graph.nodes.find((node) => keyOf(node.id) === key);
}
