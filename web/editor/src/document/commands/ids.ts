/** Fresh ids. Files say the last one that was used; where they do not, or are wrong, the largest there is counts. */

import { type GraphDraft, scan, type WorkflowDraft } from "../edit";
import { isObject } from "../json";
import { readLink } from "../links";
import type { RawLink, Workflow } from "../workflow";
import { definitionsOf } from "../workflow";
import { reroutesIn } from "./reroute_lists";

/** Where version 0.4 counts, at the top, and where version 1 and subgraphs count, in `state`. */
interface Counter {
  readonly old: string | null;
  readonly now: string;
}

const NODES: Counter = { old: "last_node_id", now: "lastNodeId" };
const LINKS: Counter = { old: "last_link_id", now: "lastLinkId" };
const GROUPS: Counter = { old: null, now: "lastGroupId" };
const REROUTES: Counter = { old: null, now: "lastRerouteId" };

/**
 * A node id that no graph of the workflow has ever used, recorded as used; of `count` ids that follow each other the
 * first. (Within a subgraph another one's ids would do, but the stock editor changes ids that occur twice.)
 */
export function nextNodeId(graph: GraphDraft, workflow: WorkflowDraft, count = 1): number {
  let largest = 0;
  for (const one of graphsOf(workflow)) {
    largest = Math.max(largest, counted(one, NODES));
    scan(one.nodes, ({ id }) => {
      if (Number.isInteger(Number(id))) largest = Math.max(largest, Number(id));
    });
  }
  return next(graph, workflow, NODES, largest, count);
}

/** The same for links. */
export function nextLinkId(graph: GraphDraft, workflow: WorkflowDraft, count = 1): number {
  let largest = 0;
  for (const one of graphsOf(workflow)) {
    largest = Math.max(largest, counted(one, LINKS));
    scan(one.links, (raw) => {
      largest = Math.max(largest, readLink(raw as RawLink)?.id ?? 0);
    });
  }
  return next(graph, workflow, LINKS, largest, count);
}

/** The drafts of all graphs of a workflow, the top level first. */
export function graphsOf(workflow: WorkflowDraft): GraphDraft[] {
  return [workflow, ...definitionsOf(workflow as Workflow)] as GraphDraft[];
}

/** A group id that the graph has never used. */
export function nextGroupId(graph: GraphDraft, workflow: WorkflowDraft): number {
  const used = (graph.groups ?? []).map((group) => group.id ?? 0);
  return next(graph, workflow, GROUPS, Math.max(0, ...used));
}

/** A reroute id that the graph has never used. */
export function nextRerouteId(graph: GraphDraft, workflow: WorkflowDraft): number {
  const used = reroutesIn(graph).map((reroute) => reroute.id);
  return next(graph, workflow, REROUTES, Math.max(0, ...used));
}

function next(graph: GraphDraft, workflow: WorkflowDraft, counter: Counter, largest: number, count = 1): number {
  const fields = graph as Record<string, unknown>;
  const state = fields["state"];
  const first = Math.max(counted(graph, counter), largest) + 1;
  const last = first + count - 1;
  if (isObject(state)) state[counter.now] = last;
  else if (counter.old !== null && (graph === workflow || counter.old in fields)) fields[counter.old] = last;
  return first;
}

function counted(graph: GraphDraft, counter: Counter): number {
  const fields = graph as Record<string, unknown>;
  const state = fields["state"];
  const last = isObject(state) ? state[counter.now] : counter.old && fields[counter.old];
  return typeof last === "number" ? last : 0;
}
