/** Fresh ids. Files say the last one that was used; where they do not, or are wrong, the largest there is counts. */

import type { GraphDraft, WorkflowDraft } from "../edit";
import { isObject } from "../json";
import { readLink } from "../links";
import type { RawLink } from "../workflow";

/** A node id that the graph has never used, recorded as used. */
export function nextNodeId(graph: GraphDraft, workflow: WorkflowDraft): number {
  const used = graph.nodes.map((node) => Number(node.id)).filter(Number.isInteger);
  return next(graph, workflow, "last_node_id", "lastNodeId", used);
}

/** A link id that the graph has never used, recorded as used. */
export function nextLinkId(graph: GraphDraft, workflow: WorkflowDraft): number {
  const used = graph.links.flatMap((link) => readLink(link as RawLink)?.id ?? []);
  return next(graph, workflow, "last_link_id", "lastLinkId", used);
}

/** Version 0.4 counts in `last_*_id` at the top, version 1 and subgraphs in `state`. */
function next(graph: GraphDraft, workflow: WorkflowDraft, old: string, now: string, used: readonly number[]): number {
  const fields = graph as Record<string, unknown>;
  const state = fields["state"];
  const counted = isObject(state) ? state[now] : fields[old];
  let id = typeof counted === "number" ? counted : 0;
  for (const one of used) if (one > id) id = one;
  id += 1;
  if (isObject(state)) state[now] = id;
  else if (graph === workflow || old in fields) fields[old] = id;
  return id;
}
