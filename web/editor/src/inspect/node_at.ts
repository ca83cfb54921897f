/** Finding nodes by the ids that the server writes. */

import { indexOf } from "../document/links";
import type { Scope, Workflow, WorkflowNode } from "../document/workflow";
import { graphOf } from "../document/workflow";

/** The node "5:3": node 3 in the subgraph that node 5 is an instance of; undefined when it is not there. */
export function nodeAt(workflow: Workflow, id: string): WorkflowNode | undefined {
  let scope: Scope = null;
  let node: WorkflowNode | undefined;
  for (const part of id.split(":")) {
    const graph = graphOf(workflow, scope);
    node = graph && indexOf(graph).nodes.get(part);
    if (node === undefined) return undefined;
    scope = node.type;
  }
  return node;
}
