/** Which picture is masked, and where its name stands in the workflow. */

import { setWidget } from "../document/commands/widgets";
import { schemaOf } from "../document/node_schema";
import { widgetsOf, type Widget } from "../document/widgets";
import { graphOf, type Scope, type WorkflowNode } from "../document/workflow";
import { placeOf } from "../document/node_ids";
import { activeTab, runPrefix, type Tab, workflowOf } from "../state/documents";
import type { ShownFile } from "../state/runs";
import type { Studio } from "../state/studio";
import { fileOf, nameOf } from "../widgets/file_names";

export interface MaskTarget {
  readonly tab: string;
  /** The node's id as the server writes it. */
  readonly node: string;
  /** The input that names the picture. */
  readonly input: string;
  readonly file: ShownFile;
}

/** What the dialog was opened for: `tab` and `node`; `file` and `input` where they are not what the node says. */
export function targetOf(studio: Studio, about: Readonly<Record<string, unknown>>): MaskTarget | null {
  const [tab, node] = [String(about["tab"] ?? ""), String(about["node"] ?? "")];
  const found = pictureWidget(studio, tab, node, about["input"]);
  const file = asFile(about["file"]) ?? asFile(found?.widget.value);
  return found && file ? { tab, node, input: found.widget.name, file } : null;
}

/** The target of the one node that is selected; null when it shows no picture that can be masked. */
export function selectedTarget(studio: Studio): MaskTarget | null {
  const tab = activeTab(studio.documents.getState());
  const [key, ...others] = tab?.selection.nodes ?? [];
  if (!tab || key === undefined || others.length > 0) return null;
  return targetOf(studio, { tab: tab.id, node: runPrefix(tab) + key });
}

/** Let the node show another file, which can be undone; false when the node is no longer there. */
export function putFile(studio: Studio, target: MaskTarget, file: ShownFile): boolean {
  const found = pictureWidget(studio, target.tab, target.node, target.input);
  if (!found) return false;
  const { node, scope, widget, schema } = found;
  studio.documents.editIn(target.tab, scope, "masks.edit", setWidget(node.id, widget, nameOf(file), schema));
  return true;
}

interface Found {
  readonly node: WorkflowNode;
  readonly scope: Scope;
  readonly widget: Widget;
  readonly schema: ReturnType<typeof schemaOf>;
}

function pictureWidget(studio: Studio, tabId: string, id: string, input: unknown): Found | null {
  const tab = studio.documents.getState().tabs.find((one) => one.id === tabId);
  const place = tab && placeOf(workflowOf(tab), id);
  if (!tab || !place) return null;
  return inNode(studio, tab, place.node, place.scope, input);
}

function inNode(studio: Studio, tab: Tab, node: WorkflowNode, scope: Scope, input: unknown): Found | null {
  const workflow = workflowOf(tab);
  const graph = graphOf(workflow, scope);
  if (!graph) return null;
  const around = { workflow, graph, catalogue: studio.catalogue.getState().types };
  const schema = schemaOf(node, around);
  const widget = widgetsOf(node, schema, around).find(
    ({ name, spec, linked }) => spec.upload === "image" && !linked && (input === undefined || name === input),
  );
  return widget ? { node, scope, widget, schema } : null;
}

function asFile(value: unknown): ShownFile | null {
  if (typeof value === "string") return fileOf(value);
  return typeof value === "object" && value !== null && "filename" in value ? (value as ShownFile) : null;
}
