/** What a workflow needs that is not on the server: node types and files, and what to do about each. */

import { ServerProblem } from "../api/server";
import { setInput } from "../document/axes";
import { type Tab, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";

export interface MissingType {
  readonly type: string;
  /** Ids as the server writes them: "5:3" within a subgraph. */
  readonly nodes: readonly string[];
  readonly pack: string | null;
  readonly remedy: string;
}

export interface MissingFile {
  readonly node: string;
  readonly input: string;
  readonly value: string;
  readonly folder: string;
  /** What is there, the most alike first. */
  readonly nearest: readonly string[];
  readonly url: string | null;
  readonly remedy: string;
}

export interface Missing {
  readonly types: readonly MissingType[];
  readonly files: readonly MissingFile[];
}

/** Ask the server what a tab's workflow lacks; nothing when it cannot tell. */
export async function findMissing(studio: Studio, tab: Tab): Promise<Missing> {
  try {
    const checked = await studio.server.json<Checked>("/api/workflow/check", { body: { prompt: workflowOf(tab) } });
    return { types: checked.missing_types, files: checked.missing_files };
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    return { types: [], files: [] }; // Queueing tells what is wrong; a look in advance must not get in the way.
  }
}

interface Checked {
  readonly missing_types: readonly MissingType[];
  readonly missing_files: readonly MissingFile[];
}

/** Use another file at every node that names a missing one. */
export function replaceMissing(studio: Studio, tab: Tab, missing: MissingFile, value: string): void {
  const axis = { node: missing.node, input: missing.input };
  const set = setInput(workflowOf(tab), studio.catalogue.getState().types, axis, value);
  if (set) studio.documents.editIn(tab.id, set.scope, "edit.widget", set.recipe);
}
