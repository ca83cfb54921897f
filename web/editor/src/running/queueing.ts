/** From the shown workflow to a job in the queue. */

import { ServerProblem } from "../api/server";
import { activeTab, type Tab, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";

/** Queue the workflow of the active tab; what the server refuses is told in a notice. */
export async function queueActive(studio: Studio): Promise<void> {
  const tab = activeTab(studio.documents.getState());
  if (tab) await queueTab(studio, tab);
}

async function queueTab(studio: Studio, tab: Tab): Promise<void> {
  const workflow = workflowOf(tab);
  const body = { prompt: workflow, client_id: studio.socket.clientId, extra_data: { extra_pnginfo: { workflow } } };
  try {
    const { prompt_id: prompt } = await studio.server.json<{ prompt_id: string }>("/api/prompt", { body });
    const run = { prompt, tab: tab.id, workflow, status: "queued" as const, secondsLeft: null, secondsTotal: null };
    studio.runs.setState((state) => ({ runs: new Map(state.runs).set(prompt, run) }));
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    studio.ui.notify({ tone: "problem", text: error.message, details: error.details });
  }
}
