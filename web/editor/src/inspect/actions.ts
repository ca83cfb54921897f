import type { Action } from "../actions/action";
import { activeTab, runPrefix } from "../state/documents";
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
      const node = selectedNode(studio);
      if (tab && node !== undefined)
        studio.ui.setState({ inspecting: { tab: tab.id, node: runPrefix(tab) + node, slot: 0 } });
    },
  },
];
