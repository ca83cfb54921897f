/** How commands change a document: a recipe on a draft, of which everything untouched is shared with the original. */

import type { Draft } from "immer";
import { Immer } from "immer";
import type { Graph, Scope, Workflow } from "./workflow";

export type WorkflowDraft = Draft<Workflow>;
export type GraphDraft = Draft<Graph>;

/** Changes one graph of a workflow. Commands return recipes: `moveNodes(ids, dx, dy)`. */
export type Recipe = (graph: GraphDraft, workflow: WorkflowDraft) => void;

/** Freezing deeply costs time on every edit of a large graph; types keep documents from being changed in place. */
const IMMER = new Immer({ autoFreeze: false });

/**
 * A workflow with a recipe applied to the graph of `scope`.
 *
 * Throws an Error when the subgraph is not there.
 */
export function edited(workflow: Workflow, scope: Scope, recipe: Recipe): Workflow {
  return IMMER.produce(workflow, (draft) => {
    recipe(graphDraft(draft, scope), draft);
  });
}

function graphDraft(draft: WorkflowDraft, scope: Scope): GraphDraft {
  if (scope === null) return draft;
  const found = draft.definitions?.subgraphs?.find((subgraph) => subgraph.id === scope);
  if (!found) throw new Error(`There is no subgraph ${scope} in this workflow.`);
  return found;
}
