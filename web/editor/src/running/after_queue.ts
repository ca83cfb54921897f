import { afterQueue } from "../document/after_queue";
import { workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";

/** Move the seeds of a tab's workflow on as their controls say, as one step that can be undone. */
export function moveSeedsOn(studio: Studio, tabId: string): void {
  const tab = studio.documents.getState().tabs.find((one) => one.id === tabId);
  if (!tab) return;
  const recipe = afterQueue(workflowOf(tab), Math.random, studio.catalogue.getState().types);
  if (recipe) studio.documents.editIn(tabId, null, "running.seed", recipe);
}
