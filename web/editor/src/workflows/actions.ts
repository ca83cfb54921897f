import type { Action } from "../actions/action";
import { activeTab } from "../state/documents";
import type { Studio } from "../state/studio";
import { exportPrompt, exportWorkflow } from "./exporting";
import { chooseFiles } from "./opening";
import { saveActive } from "./saving";
import { closeTab, duplicateTab, openEmpty, stepTab } from "./tabs";

const hasTab = (studio: Studio): boolean => activeTab(studio.documents.getState()) !== undefined;

/** What is done with whole workflows. */
export const WORKFLOW_ACTIONS: readonly Action[] = [
  { id: "workflows.new", title: "workflows.new", keys: ["Alt+N"], run: openEmpty },
  { id: "workflows.open", title: "workflows.openFile", keys: ["Ctrl+O"], inText: true, run: chooseFiles },
  { id: "workflows.save", title: "workflows.save", keys: ["Ctrl+S"], inText: true, when: hasTab, run: saveActive },
  {
    id: "workflows.saveAs",
    title: "workflows.saveAs",
    keys: ["Ctrl+Shift+S"],
    inText: true,
    when: hasTab,
    run: ({ ui, documents }) => ui.show("saveAs", { tab: documents.getState().active }),
  },
  {
    id: "workflows.history",
    title: "workflows.history",
    keys: ["Alt+V"],
    when: hasTab,
    run: ({ ui, documents }) => ui.show("versions", { tab: documents.getState().active }),
  },
  { id: "workflows.exportUi", title: "workflows.exportUi", when: hasTab, run: exportWorkflow },
  { id: "workflows.exportApi", title: "workflows.exportApi", when: hasTab, run: exportPrompt },
  { id: "workflows.duplicate", title: "workflows.duplicate", when: hasTab, run: duplicateTab },
  {
    id: "workflows.close",
    title: "workflows.close",
    keys: ["Alt+W"],
    when: hasTab,
    run(studio) {
      const tab = activeTab(studio.documents.getState());
      if (tab) closeTab(studio, tab);
    },
  },
  { id: "workflows.nextTab", title: "workflows.nextTab", keys: ["Alt+PageDown"], run: (studio) => stepTab(studio, 1) },
  {
    id: "workflows.previousTab",
    title: "workflows.previousTab",
    keys: ["Alt+PageUp"],
    run: (studio) => stepTab(studio, -1),
  },
  { id: "workflows.panel", title: "workflows.showPanel", keys: ["W"], run: ({ ui }) => ui.togglePanel("workflows") },
  {
    id: "workflows.templates",
    title: "templates.panel",
    keys: ["Alt+T"],
    run: ({ ui }) => ui.togglePanel("templates"),
  },
];
