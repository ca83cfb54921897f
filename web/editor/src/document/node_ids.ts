/** Ids of nodes as the server writes them: "5:3" is node 3 within the subgraph of node 5. */

import type { Workflow, WorkflowNode } from "./workflow";
import { definitionOf, type Graph, keyOf } from "./workflow";

/** The node of the workflow that a node of a run stands for: those that nodes make as they run have ids "5.0.0.1". */
export function shownId(id: string): string {
  const dot = id.indexOf(".");
  return dot < 0 ? id : id.slice(0, dot);
}

/** The subgraph instances around a node, the innermost first: "5:7" and "5" of "5:7:3". */
export function instancesAround(id: string): string[] {
  const found: string[] = [];
  for (let end = id.lastIndexOf(":"); end >= 0; end = id.lastIndexOf(":", end - 1)) {
    found.push(id.slice(0, end));
    if (end === 0) break;
  }
  return found;
}

/** A node of a workflow by its id on the server; undefined when it is not there. */
export function nodeAt(workflow: Workflow, id: string): WorkflowNode | undefined {
  return placeOf(workflow, id)?.node;
}

/** Where a node is: the graph that it stands in, and the way there. */
export interface NodePlace {
  readonly node: WorkflowNode;
  /** The subgraph that it stands in; null: the top level. */
  readonly scope: string | null;
  readonly trail: readonly { readonly instance: WorkflowNode["id"]; readonly subgraph: string }[];
}

export function placeOf(workflow: Workflow, id: string): NodePlace | undefined {
  const trail: { instance: WorkflowNode["id"]; subgraph: string }[] = [];
  let graph: Graph = workflow;
  const steps = id.split(":");
  for (const [index, step] of steps.entries()) {
    const node: WorkflowNode | undefined = graph.nodes.find((one) => keyOf(one.id) === step);
    if (!node) return undefined;
    if (index === steps.length - 1) return { node, scope: trail.at(-1)?.subgraph ?? null, trail };
    const inside = definitionOf(workflow, node);
    if (!inside) return undefined;
    trail.push({ instance: node.id, subgraph: inside.id });
    graph = inside;
  }
  return undefined;
}
