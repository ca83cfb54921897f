/** Finding things in drafts without making drafts of everything on the way. */

import type { Draft } from "immer";
import { type GraphDraft, scan } from "../edit";
import { type Link, readLink } from "../links";
import type { NodeId, RawLink, WorkflowNode } from "../workflow";
import { keyOf } from "../workflow";

/** The draft of a node; undefined when it is not there. */
export function findNode(graph: GraphDraft, id: NodeId): Draft<WorkflowNode> | undefined {
  const key = keyOf(id);
  return graph.nodes.find((node) => keyOf(node.id) === key);
}

/** Finds nodes of a graph again and again, as long as none is added or removed. */
export function nodeFinder(graph: GraphDraft): (id: NodeId) => Draft<WorkflowNode> | undefined {
  const places = new Map<string, number>();
  scan(graph.nodes, (node, place) => places.set(keyOf(node.id), place));
  return (id) => {
    const place = places.get(keyOf(id));
    return place === undefined ? undefined : graph.nodes[place];
  };
}

/** The drafts of nodes, in the order of the graph. */
export function findNodes(graph: GraphDraft, ids: readonly NodeId[]): Draft<WorkflowNode>[] {
  if (ids.length === 1) return ids.flatMap((id) => findNode(graph, id) ?? []);
  const wanted = new Set(ids.map(keyOf));
  return graph.nodes.filter((node) => wanted.has(keyOf(node.id)));
}

/** The links that a test picks. */
export function findLinks(graph: GraphDraft, picked: (link: Link) => boolean): Link[] {
  const found: Link[] = [];
  scan(graph.links, (raw) => {
    const link = readLink(raw as RawLink);
    if (link && picked(link)) found.push(link);
  });
  return found;
}
