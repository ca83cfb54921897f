import type { Action } from "../actions/action";
import { setWidget } from "../document/commands/widgets";
import type { Recipe } from "../document/edit";
import { schemaOf } from "../document/node_schema";
import { widgetsOf } from "../document/widgets";
import { keyOf } from "../document/workflow";
import { textIn } from "../i18n/messages";
import { activeTab, shownGraph, type Tab, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { isWhole, randomSeed } from "./numbers";
import { refreshChoices } from "./refreshing";

export const WIDGET_ACTIONS: readonly Action[] = [
  {
    id: "widgets.refresh",
    title: "widgets.refresh_all",
    keys: ["R"],
    async run(studio) {
      const text = textIn(studio.settings.getState().language)("widgets.refreshed");
      if (await refreshChoices(studio)) studio.ui.notify({ tone: "success", text });
    },
  },
  {
    id: "widgets.new_seeds",
    title: "widgets.new_seeds",
    when: (studio) => activeTab(studio.documents.getState()) !== undefined,
    run(studio) {
      const tab = activeTab(studio.documents.getState());
      if (tab) studio.documents.edit("edit.new_seeds", newSeeds(studio, tab));
    },
  },
];

/** New random numbers for the seeds of the selected nodes, or of all in the shown graph where none is selected. */
function newSeeds(studio: Studio, tab: Tab): Recipe {
  const graph = shownGraph(tab);
  const around = { workflow: workflowOf(tab), graph, catalogue: studio.catalogue.getState().types };
  const picked = tab.selection.nodes;
  const recipes = graph.nodes
    .filter((node) => picked.size === 0 || picked.has(keyOf(node.id)))
    .flatMap((node) => {
      const schema = schemaOf(node, around);
      return widgetsOf(node, schema)
        .filter(({ control, linked, spec }) => control !== undefined && !linked && isWhole(spec))
        .map((widget) => setWidget(node.id, widget, randomSeed(widget.spec), schema));
    });
  return (draft, workflow) => recipes.forEach((recipe) => recipe(draft, workflow));
}
