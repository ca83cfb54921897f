import { nodeBox } from "../document/geometry";
import { activeTab, NOTHING, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { placeOf } from "../document/node_ids";

/** Show a node by its id on the server: enter the subgraph that it is in, select it, and bring it into view. */
export function revealNode(studio: Studio, tabId: string, id: string): void {
  const { documents, canvas, catalogue } = studio;
  if (documents.getState().active !== tabId) documents.activate(tabId);
  const tab = activeTab(documents.getState());
  const place = tab && placeOf(workflowOf(tab), id);
  if (!tab || !place) return;
  const shown = tab.trail.map((step) => String(step.instance)).join(":");
  if (shown !== place.trail.map((step) => String(step.instance)).join(":"))
    documents.update(tab.id, { trail: place.trail });
  documents.select({ ...NOTHING, nodes: new Set([String(place.node.id)]) });
  // Another graph, or another tab, is shown only after the next frame.
  requestAnimationFrame(() =>
    requestAnimationFrame(() =>
      canvas.getState().view?.reveal(nodeBox(place.node, catalogue.getState().types.get(place.node.type))),
    ),
  );
}
