/** What can be done with a job that was queued before. */

import type { JobDetail } from "../api/jobs";
import { freshId } from "../document/fresh_id";
import type { Workflow } from "../document/workflow";
import type { Studio } from "../state/studio";
import { openText } from "../workflows/opening";
import { told } from "./cancelling";
import { excerptOf } from "./job_facts";
import { rememberRun } from "./remembered";

/** Open the workflow of a job in a new tab; a job that was sent without one is laid out from its prompt. */
export async function openJob(studio: Studio, job: JobDetail): Promise<void> {
  const { prompt, extra_data: extra } = job.workflow;
  const workflow = extra.extra_pnginfo?.workflow ?? prompt;
  const name = excerptOf(prompt, studio.catalogue.getState().types).slice(0, 40) || studio.text("running.untitledJob");
  try {
    await openText(studio, JSON.stringify(workflow), { name });
  } catch (error) {
    studio.ui.notify({
      tone: "problem",
      text: studio.text("running.noWorkflow"),
      details: error instanceof Error ? error.message : "",
    });
  }
}

/** Queue exactly what ran, seeds and all. Its results go to the tab that it came from, if that is open. */
export async function rerunJob(studio: Studio, job: JobDetail): Promise<void> {
  const { prompt, extra_data: extra } = job.workflow;
  const id = freshId();
  const targets = await targetsOf(studio, job.id);
  const body = {
    prompt,
    prompt_id: id,
    client_id: studio.socket.clientId,
    extra_data: { ...extra, client_id: undefined },
    ...(targets ? { partial_execution_targets: targets } : {}),
  };
  const tab = extra.weft_tab ?? "";
  const workflow = (extra.extra_pnginfo?.workflow ?? { nodes: [], links: [] }) as Workflow;
  const run = { prompt: id, tab, workflow, status: "queued" as const, secondsLeft: null, secondsTotal: null };
  const done = await told(studio, () =>
    studio.server.json("/api/prompt", { body, headers: { "Idempotency-Key": id } }),
  );
  if (!done) return;
  studio.runs.setState((state) => ({ runs: state.runs.has(id) ? state.runs : new Map(state.runs).set(id, run) }));
  rememberRun(sessionStorage, { prompt: id, tab });
}

/** The outputs that a job ran up to; null: it cannot be found out, and all of them run. */
async function targetsOf(studio: Studio, id: string): Promise<readonly string[] | null> {
  type Entry = readonly [number, string, unknown, unknown, readonly string[]];
  const history = await studio.server.json<Record<string, { prompt: Entry }>>(`/api/history/${encodeURIComponent(id)}`);
  return history[id]?.prompt[4] ?? null;
}
