/** What a workflow needs that is not on the server: node types and files, and what to do about each. */

import { ServerProblem } from "../api/server";
import { setWidgetValue } from "../document/commands/nodes";
import { indexOf } from "../document/links";
import { widgetsOf } from "../document/widgets";
import type { Scope } from "../document/workflow";
import { graphOf } from "../document/workflow";
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
  const place = placeOf(tab, missing.node);
  const graph = place && graphOf(workflowOf(tab), place.scope);
  const node = graph && indexOf(graph).nodes.get(place.node);
  if (!place || !node) return;
  const schema = studio.catalogue.getState().types.get(node.type);
  const widget = widgetsOf(node, schema).find(({ name }) => name === missing.input);
  if (!widget) return;
  studio.documents.editIn(tab.id, place.scope, "edit.widget", setWidgetValue(node.id, widget.name, widget.index, value));
}

/** Where a node lies whose id is "5:3": in the subgraph that 5 is an instance of. */
function placeOf(tab: Tab, id: string): { readonly scope: Scope; readonly node: string } | null {
  const workflow = workflowOf(tab);
  const parts = id.split(":");
  let scope: Scope = null;
  for (const instance of parts.slice(0, -1)) {
    const graph = graphOf(workflow, scope);
    const type = graph && indexOf(graph).nodes.get(instance)?.type;
    if (type === undefined) return null;
    scope = type;
  }
  const node = parts.at(-1);
  return node === undefined ? null : { scope, node };
}
