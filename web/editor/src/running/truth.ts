/** After a reload, and when a lost connection is there again: what really became of the jobs that were queued here. */

import { fetchJob, fetchReport, fetchStatus, type JobDetail } from "../api/jobs";
import { ServerProblem } from "../api/server";
import type { SocketMessage } from "../api/socket";
import type { Workflow } from "../document/workflow";
import { isLive, type Run, type RunStatus } from "../state/runs";
import type { Studio } from "../state/studio";
import { tell } from "./tell";
import { forgetRun, type Remembered, rememberedRuns } from "./remembered";

/** Ended jobs that are asked for again after a reload: the canvas shows the results of the last few. */
const MOST_ENDED = 8;

/** Ask the server about every job of this tab that may have moved on without being heard. */
export async function fetchTruth(studio: Studio): Promise<void> {
  try {
    await Promise.all([fetchPause(studio), fetchOwnRuns(studio)]);
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error; // It is gone again; the next connection asks anew.
  }
}

/** Learn whether the queue is paused, and why. */
export async function fetchPause(studio: Studio): Promise<void> {
  const { paused } = await fetchStatus(studio.server);
  studio.runs.setState({ paused });
}

async function fetchOwnRuns(studio: Studio): Promise<void> {
  const { runs } = studio.runs.getState();
  const remembered = rememberedRuns(sessionStorage);
  const unknown = remembered.filter(({ prompt }) => !runs.has(prompt)).slice(-MOST_ENDED);
  const unsure = [...runs.values()].filter(isLive);
  const asked: Remembered[] = [...unknown, ...unsure.map(({ prompt, tab }) => ({ prompt, tab }))];
  const jobs = await Promise.all(asked.map((one) => jobOrNone(studio, one.prompt)));
  for (const [index, one] of asked.entries()) await learn(studio, one, jobs[index] ?? null);
}

async function jobOrNone(studio: Studio, prompt: string): Promise<JobDetail | null> {
  try {
    return await fetchJob(studio.server, prompt);
  } catch (error) {
    if (error instanceof ServerProblem && error.status === 404) return null;
    throw error;
  }
}

async function learn(studio: Studio, { prompt, tab, probes }: Remembered, job: JobDetail | null): Promise<void> {
  const known = studio.runs.getState().runs.get(prompt);
  if (!job) {
    if (known?.status === "sending" && !known.isLost) return; // It is on its way.
    forgetRun(sessionStorage, prompt);
    if (known) tell(studio, [{ type: "execution_interrupted", data: { prompt_id: prompt } }]);
    return;
  }
  const status = STATUSES[job.status];
  const workflow = known?.workflow ?? (job.workflow.extra_data.extra_pnginfo?.workflow as Workflow | undefined);
  if (!workflow) return;
  const run: Run = known
    ? { ...known, status, isLost: false }
    : { prompt, tab, workflow, status, secondsLeft: null, secondsTotal: null, probes: new Map(probes) };
  studio.runs.setState((state) => ({ runs: new Map(state.runs).set(prompt, run) }));
  if (isLive(run)) return;
  tell(studio, [...endedMessages(job), await reportMessage(studio, prompt)]);
}

const STATUSES: Readonly<Record<JobDetail["status"], RunStatus>> = {
  pending: "queued",
  in_progress: "running",
  completed: "success",
  failed: "error",
  cancelled: "cancelled",
};

/** What would have been heard of a job, had anybody listened. */
function endedMessages(job: JobDetail): SocketMessage[] {
  const messages = (job.execution_status?.messages ?? []).map(([type, data]) => ({ type, data }));
  const executed = Object.entries(job.outputs ?? {}).map(([node, output]) => ({
    type: "executed",
    data: { prompt_id: job.id, node, display_node: node, output },
  }));
  return [...messages.slice(0, -1), ...executed, ...messages.slice(-1)];
}

async function reportMessage(studio: Studio, prompt: string): Promise<SocketMessage> {
  try {
    const { nodes } = await fetchReport(studio.server, prompt);
    return { type: "weft_node_report", data: { prompt_id: prompt, nodes, final: true } };
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    return { type: "weft_node_report", data: { prompt_id: prompt, nodes: {} } }; // Old jobs have none.
  }
}
