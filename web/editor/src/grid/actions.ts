import type { Action } from "../actions/action";
import { activeTab } from "../state/documents";

export const GRID_ACTIONS: readonly Action[] = [
  {
    id: "grid.open",
    title: "grid.open",
    keys: ["Alt+X"],
    when: (studio) => activeTab(studio.documents.getState()) !== undefined,
    run: ({ ui, documents }) => ui.show("grid", { tab: documents.getState().active }),
  },
];
