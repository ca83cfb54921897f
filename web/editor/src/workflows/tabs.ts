/** Tabs as a person handles them. */

import type { Workflow } from "../document/workflow";
import { activeTab, type Tab, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";

/** Open a workflow without nodes. */
export function openEmpty(studio: Studio): void {
  studio.documents.open(EMPTY, { name: studio.text("workflows.untitled") });
}

const EMPTY: Workflow = {
  last_node_id: 0,
  last_link_id: 0,
  nodes: [],
  links: [],
  groups: [],
  config: {},
  extra: {},
  version: 0.4,
};

/** Close a tab; for a while it can be opened again with all of its undo history. */
export function closeTab(studio: Studio, tab: Tab): void {
  studio.documents.close(tab.id);
  studio.ui.notify({
    tone: "info",
    text: studio.text("workflows.closed", { name: tab.name }),
    action: {
      title: studio.text("workflows.reopen"),
      run: () => {
        const { id, name, path, revision } = tab;
        studio.documents.open(workflowOf(tab), { id, name, path, revision });
        studio.documents.update(tab.id, { history: tab.history, saved: tab.saved, viewports: tab.viewports });
      },
    },
  });
}

/** Open the workflow of a tab again, as one of its own. */
export function duplicateTab(studio: Studio): void {
  const tab = activeTab(studio.documents.getState());
  if (tab) studio.documents.open(workflowOf(tab), { name: tab.name });
}

/** Go to the tab that is `step` to the right. */
export function stepTab(studio: Studio, step: number): void {
  const { tabs, active } = studio.documents.getState();
  const at = tabs.findIndex((tab) => tab.id === active);
  const next = tabs[(at + step + tabs.length) % tabs.length];
  if (next) studio.documents.activate(next.id);
}
