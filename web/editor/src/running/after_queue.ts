/** Seeds of a queued workflow move on as their controls say. */

import { widgetsOf, type Widget } from "../document/widgets";
import { setWidgetValue } from "../document/commands/nodes";
import type { Json } from "../document/json";
import type { Scope } from "../document/workflow";
import { graphOf } from "../document/workflow";
import { workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";

/** Browsers count exactly up to here; larger seeds would come out rounded. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** Move the seeds of a tab's workflow on, those of subgraphs too. */
export function moveSeedsOn(studio: Studio, tabId: string): void {
  const { documents, catalogue } = studio;
  const tab = documents.getState().tabs.find((one) => one.id === tabId);
  if (!tab) return;
  const workflow = workflowOf(tab);
  const { types } = catalogue.getState();
  const scopes: Scope[] = [null, ...(workflow.definitions?.subgraphs ?? []).map((one) => one.id)];
  for (const scope of scopes) {
    for (const node of graphOf(workflow, scope)?.nodes ?? []) {
      for (const widget of widgetsOf(node, types.get(node.type))) {
        const next = nextSeed(widget);
        if (next === undefined || widget.linked) continue;
        documents.editIn(tabId, scope, "running.seed", setWidgetValue(node.id, widget.name, widget.index, next), "running.seed");
      }
    }
  }
  documents.seal();
}

function nextSeed({ control, value, spec }: Widget): Json | undefined {
  const least = Math.max(spec.min ?? 0, -LARGEST);
  const most = Math.min(spec.max ?? LARGEST, LARGEST);
  const present = Number(value);
  switch (control) {
    case "increment":
      return Math.min(most, present + 1);
    case "decrement":
      return Math.max(least, present - 1);
    case "randomize":
      return least + Math.floor(Math.random() * (most - least));
    default:
      return undefined;
  }
}
