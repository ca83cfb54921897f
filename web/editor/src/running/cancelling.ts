/** Taking back what was queued. */

import { cancelJob, cancelJobs } from "../api/jobs";
import { ServerProblem } from "../api/server";
import { activeTab } from "../state/documents";
import { isLive, liveRun, type Run } from "../state/runs";
import type { Studio } from "../state/studio";

/** Every job of this page that is not over. */
export function ownLiveRuns(studio: Studio): readonly Run[] {
  return [...studio.runs.getState().runs.values()].filter(isLive);
}

/** Stop the job that runs, of the active tab before those of others. */
export async function cancelCurrent(studio: Studio): Promise<void> {
  const state = studio.runs.getState();
  const tab = activeTab(studio.documents.getState());
  const run = (tab && liveRun(state, tab.id)) ?? ownLiveRuns(studio)[0];
  stopAutoQueue(studio);
  if (run) await told(studio, () => cancelJob(studio.server, run.prompt));
}

/** Stop everything that was queued here, what waits before what runs. */
export async function cancelAll(studio: Studio): Promise<void> {
  stopAutoQueue(studio);
  const ids = ownLiveRuns(studio).map((run) => run.prompt);
  if (ids.length > 0) await told(studio, () => cancelJobs(studio.server, ids.toReversed()));
}

/** Without it the next job would begin at once. */
function stopAutoQueue(studio: Studio): void {
  const { options } = studio.runs.getState();
  if (options.auto === "endless") studio.runs.setState({ options: { ...options, auto: "off" } });
}

/** Do something on the server; what it refuses becomes a notice. */
export async function told(studio: Studio, ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    studio.ui.notify({ tone: "problem", text: error.message, details: error.details });
    return false;
  }
}
