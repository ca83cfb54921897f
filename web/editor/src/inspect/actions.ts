import type { Action } from "../actions/action";
import { indexOf } from "../document/links";
import { sourceOfOutput } from "../document/source";
import { keyOf } from "../document/workflow";
import { activeTab, runPrefix, shownGraph, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";

/** The selected node, if it is one. */
function selectedNode(studio: Studio): string | undefined {
  const nodes = activeTab(studio.documents.getState())?.selection.nodes;
  return nodes?.size === 1 ? [...nodes][0] : undefined;
}

/** What flowed, for those who do not click on wires. */
export const INSPECT_ACTIONS: readonly Action[] = [
  {
    id: "inspect.output",
    title: "inspect.output",
    keys: ["I"],
    when: (studio) => selectedNode(studio) !== undefined,
    run(studio) {
      const tab = activeTab(studio.documents.getState());
      const node = tab && indexOf(shownGraph(tab)).nodes.get(selectedNode(studio) ?? "");
      if (!tab || !node) return;
      const own = { node: runPrefix(tab) + keyOf(node.id), slot: 0 };
      const source = sourceOfOutput(workflowOf(tab), tab.trail, node, 0) ?? own;
      studio.ui.setState({ inspecting: { tab: tab.id, ...source } });
    },
  },
];
