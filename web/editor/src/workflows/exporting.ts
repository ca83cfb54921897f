/** Files for other programs: the workflow as the stock editor saves it, and the prompt that its API takes. */

import { downloadJson } from "../api/download";
import { ServerProblem } from "../api/server";
import { activeTab, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { fileOf } from "./saving";

/** Download the active tab as a UI workflow. */
export function exportWorkflow(studio: Studio): void {
  const tab = activeTab(studio.documents.getState());
  if (tab) downloadJson(`${tab.name}.json`, fileOf(tab, 2));
}

/** Download the active tab as an API prompt; the server converts, as it does when a workflow is queued. */
export async function exportPrompt(studio: Studio): Promise<void> {
  const tab = activeTab(studio.documents.getState());
  if (!tab) return;
  try {
    const body = { workflow: workflowOf(tab) };
    const { prompt, warnings } = await studio.server.json<Converted>("/api/workflow/convert", { body });
    downloadJson(`${tab.name}.api.json`, JSON.stringify(prompt, null, 2));
    if (warnings.length)
      studio.ui.notify({ tone: "info", text: studio.text("workflows.exportWarnings"), details: warnings.join("\n") });
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    studio.ui.notify({ tone: "problem", text: error.message, details: error.details });
  }
}

interface Converted {
  readonly prompt: unknown;
  readonly warnings: readonly string[];
}
