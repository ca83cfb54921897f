/** Widgets inside a subgraph that its nodes show too. */

import { showOutside as showing, widgetsShownOutside } from "../document/commands/subgraph_shown";
import type { Widget } from "../document/widgets";
import { graphOf, type SubgraphDefinition } from "../document/workflow";
import { workflowOf } from "../state/documents";
import type { Column } from "./column";

/** Whether the nodes of the subgraph around a widget show it; null where it is in none, or gets its value by a link. */
export function isShownOutside({ studio, tab, scope, node }: Column, widget: Widget): boolean | null {
  const open = studio.documents.getState().tabs.find((one) => one.id === tab);
  const graph = scope !== null && open ? graphOf(workflowOf(open), scope) : undefined;
  if (!open || !graph) return null;
  const shown = widgetsShownOutside(workflowOf(open), graph as SubgraphDefinition, node.id).has(widget.name);
  return shown || !widget.linked ? shown : null;
}

/** Let them show it, or no longer. */
export function showOutside({ studio, tab, scope, node }: Column, widget: Widget, shown: boolean): void {
  const recipe = showing(node.id, widget.name, shown, studio.catalogue.getState().types);
  studio.documents.editIn(tab, scope, "edit.slot", recipe);
}
