/** Problems of a node go when the node is changed: they were about what it was before. */

import type { Workflow, WorkflowNode } from "../document/workflow";
import { workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { Changes } from "./changes";
import { nodeAt } from "../document/node_ids";

/** Follow the documents; the answer ends it. */
export function clearProblems(studio: Studio): () => void {
  return studio.documents.subscribe((now, before) => {
    if (now.tabs === before.tabs) return;
    const olds = new Map(before.tabs.map((tab) => [tab.id, tab]));
    for (const tab of now.tabs) {
      const old = olds.get(tab.id);
      if (old && workflowOf(old) !== workflowOf(tab)) clearIn(studio, tab.id, workflowOf(old), workflowOf(tab));
    }
    for (const id of olds.keys()) if (!now.tabs.some((tab) => tab.id === id)) forgetTab(studio, id);
  });
}

function clearIn(studio: Studio, tab: string, before: Workflow, now: Workflow): void {
  const changes = new Changes(studio.runs.getState());
  let any = false;
  for (const [id, node] of changes.nodesOf(tab)) {
    if (!node.problems?.length || !isChanged(nodeAt(before, id), nodeAt(now, id))) continue;
    changes.changeNode(tab, id, { problems: [] });
    any = true;
  }
  if (any) studio.runs.setState(changes.result());
}

/** Whether what a node takes is another; where it stands and how it looks does not matter. */
function isChanged(before: WorkflowNode | undefined, now: WorkflowNode | undefined): boolean {
  if (before === now) return false;
  if (!before || !now) return true;
  return (
    before.inputs !== now.inputs ||
    before.widgets_values !== now.widgets_values ||
    before.mode !== now.mode ||
    before.type !== now.type
  );
}

function forgetTab(studio: Studio, tab: string): void {
  const changes = new Changes(studio.runs.getState());
  changes.removeNodes(tab);
  studio.runs.setState(changes.result());
  for (const url of changes.dropped) URL.revokeObjectURL(url);
}
