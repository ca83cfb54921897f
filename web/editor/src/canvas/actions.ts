import type { Action } from "../actions/action";
import { removeNodes } from "../document/commands/nodes";
import { activeTab, NOTHING } from "../state/documents";

export const CANVAS_ACTIONS: readonly Action[] = [
  {
    id: "canvas.delete",
    title: "canvas.delete",
    keys: ["Delete", "Backspace"],
    when: (studio) => (activeTab(studio.documents.getState())?.selection.nodes.size ?? 0) > 0,
    run(studio) {
      const tab = activeTab(studio.documents.getState());
      if (!tab) return;
      studio.documents.edit("edit.remove", removeNodes([...tab.selection.nodes]));
      studio.documents.select(NOTHING);
    },
  },
];
