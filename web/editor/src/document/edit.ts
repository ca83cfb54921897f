/** How commands change a document: a recipe on a draft, of which everything untouched is shared with the original. */

import type { Draft } from "immer";
import { enableArrayMethods, Immer } from "immer";
import type { Graph, Scope, Workflow } from "./workflow";
import { definitionsOf } from "./workflow";

export type WorkflowDraft = Draft<Workflow>;
export type GraphDraft = Draft<Graph>;

/** Changes one graph of a workflow. Commands return recipes: `moveNodes(ids, dx, dy)`. */
export type Recipe = (graph: GraphDraft, workflow: WorkflowDraft) => void;

/**
 * Lets `find`, `filter`, `some`, `every` and `splice` of drafts look at entries without making drafts of them, which
 * is what makes an edit of 3,000 nodes cheap. So: look with those, never walk a draft's list with `for`.
 */
enableArrayMethods();

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

/** One recipe that does several, each on what those before it made. */
export function inTurn(...recipes: readonly Recipe[]): Recipe {
  return (graph, workflow) => {
    for (const recipe of recipes) recipe(graph, workflow);
  };
}

/** The draft of the graph of `scope`. Throws an Error when the subgraph is not there. */
export function graphDraft(draft: WorkflowDraft, scope: Scope): GraphDraft {
  if (scope === null) return draft;
  const found = definitionsOf(draft as Workflow).find((subgraph) => subgraph.id === scope);
  if (!found) throw new Error(`There is no subgraph ${scope} in this workflow.`);
  return found as Graph as GraphDraft;
}

/** Visit the entries of a draft's list without making drafts of them; they must not be changed. */
export function scan<T>(list: readonly T[], visit: (entry: T, place: number) => void): void {
  list.every((entry, place) => {
    visit(entry, place);
    return true;
  });
}

/** What a field of a draft holds now, without making a draft of it; it must not be changed. */
export function peek<T extends object, Key extends keyof T>(draft: T, key: Key): T[Key] {
  return Object.getOwnPropertyDescriptor(draft, key)?.value as T[Key];
}

/** Remove entries of a draft's list in place, neighbours together. */
export function removeWhere<T>(list: T[], test: (entry: T) => boolean): void {
  const places: number[] = [];
  scan(list, (entry, place) => {
    if (test(entry)) places.push(place);
  });
  let end = places.length;
  while (end > 0) {
    let start = end - 1;
    while (start > 0 && places[start - 1] === (places[start] ?? 0) - 1) start -= 1;
    list.splice(places[start] ?? 0, end - start);
    end = start;
  }
}
