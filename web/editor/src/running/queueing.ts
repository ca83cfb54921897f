/** From the shown workflow to jobs in the queue. */

import { ServerProblem } from "../api/server";
import { freshId } from "../document/fresh_id";
import { isObject } from "../document/json";
import type { Workflow } from "../document/workflow";
import { activeTab, runPrefix, type Tab, workflowOf } from "../state/documents";
import type { Run } from "../state/runs";
import type { Studio } from "../state/studio";
import { moveSeedsOn } from "./after_queue";
import { withAlternativesPicked } from "./alternatives";
import { forgetRun, rememberRun } from "./remembered";
import { readNodeErrors, showProblems, tellRefusal } from "./refusals";
import { offerStandIns } from "./stand_ins";
import { fetchTruth } from "./truth";
import { type PartialRun, runUntil } from "./until";

export interface Queueing {
  /** Before all others. */
  readonly front?: boolean;
  /** Run no more than these nodes need; ids as the server writes them. */
  readonly until?: readonly string[];
  /** Let models that are there take the place of missing ones. */
  readonly standIns?: boolean;
  /** How many jobs; else as chosen beside the button. */
  readonly count?: number;
}

/** Queue the workflow of the active tab; what the server refuses is told in a notice. */
export async function queueActive(studio: Studio, how: Queueing = {}): Promise<boolean> {
  const tab = activeTab(studio.documents.getState());
  return tab ? queueTab(studio, tab.id, how) : false;
}

/** Queue up to the nodes that are selected. */
export async function queueSelected(studio: Studio): Promise<boolean> {
  const tab = activeTab(studio.documents.getState());
  if (!tab || tab.selection.nodes.size === 0) return false;
  return queueTab(studio, tab.id, { until: [...tab.selection.nodes].map((key) => runPrefix(tab) + key) });
}

/** Queue a tab's workflow as often as was chosen, its seeds moving on after each; stops at the first refusal. */
export async function queueTab(studio: Studio, tabId: string, how: Queueing = {}): Promise<boolean> {
  const count = how.count ?? studio.runs.getState().options.count;
  for (let made = 0; made < count; made += 1) {
    const tab = studio.documents.getState().tabs.find((one) => one.id === tabId);
    if (!tab || !(await queueOnce(studio, tab, how))) return false;
    moveSeedsOn(studio, tabId);
  }
  return true;
}

async function queueOnce(studio: Studio, tab: Tab, how: Queueing): Promise<boolean> {
  const { types } = studio.catalogue.getState();
  const workflow = withAlternativesPicked(workflowOf(tab), types, Math.random);
  const part = how.until ? runUntil(workflow, how.until, types) : null;
  if (part && part.targets.length === 0) {
    studio.ui.notify({
      tone: "problem",
      text: studio.text("running.cannotRunUntil"),
      details: studio.text("running.cannotRunUntilRemedy"),
    });
    return false;
  }
  return send(studio, { tab: tab.id, prompt: freshId(), workflow, part, how });
}

/** A job on its way to the queue. It has its id before it is sent: sending it again never makes a second one. */
interface Sending {
  readonly tab: string;
  readonly prompt: string;
  readonly workflow: Workflow;
  readonly part: PartialRun | null;
  readonly how: Queueing;
}

async function send(studio: Studio, sending: Sending): Promise<boolean> {
  const { prompt, tab, part } = sending;
  const headers = { "Idempotency-Key": prompt };
  begin(studio, sending);
  try {
    const answer = await studio.server.json<unknown>("/api/prompt", { body: bodyOf(studio, sending), headers });
    accepted(studio, sending, answer);
    return true;
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    if (error.status === 0) {
      lost(studio, sending, error);
      return false;
    }
    drop(studio, prompt);
    if (!(await offerStandIns(studio, tab, bodyOf(studio, sending), error, () => again(studio, sending)))) {
      tellRefusal(studio, tab, part ? withoutProbes(error, part) : error);
    }
    return false;
  }
}

function bodyOf(studio: Studio, { prompt, tab, workflow, part, how }: Sending): Record<string, unknown> {
  return {
    prompt: part?.workflow ?? workflow,
    prompt_id: prompt,
    client_id: studio.socket.clientId,
    extra_data: { extra_pnginfo: { workflow }, weft_tab: tab },
    ...(part ? { partial_execution_targets: part.targets } : {}),
    ...(how.front ? { front: true } : {}),
    ...(how.standIns ? { stand_ins: true } : {}),
  };
}

/** The run is known before the server answers: what it tells of it may come first. */
function begin(studio: Studio, { prompt, tab, workflow, part }: Sending): void {
  const probes = part?.probes ?? new Map<string, string>();
  const run: Run = { prompt, tab, workflow, status: "sending", secondsLeft: null, secondsTotal: null, probes };
  studio.runs.setState((state) => ({ runs: new Map(state.runs).set(prompt, run) }));
  rememberRun(sessionStorage, { prompt, tab, probes: [...probes] });
}

function accepted(studio: Studio, { prompt, tab }: Sending, answer: unknown): void {
  studio.runs.setState((state) => {
    const run = state.runs.get(prompt);
    return run?.status === "sending" ? { runs: new Map(state.runs).set(prompt, { ...run, status: "queued" }) } : {};
  });
  showProblems(studio, tab, readNodeErrors(answer, studio.text));
  const warnings = isObject(answer) && Array.isArray(answer["warnings"]) ? answer["warnings"].map(String) : [];
  if (warnings.length > 0)
    studio.ui.notify({ tone: "info", text: studio.text("running.warnings"), details: warnings.join("\n") });
  if (readNodeErrors(answer, studio.text).size > 0)
    studio.ui.notify({ tone: "problem", text: studio.text("running.partlyRefused") });
}

function drop(studio: Studio, prompt: string): void {
  forgetRun(sessionStorage, prompt);
  studio.runs.setState((state) => {
    const runs = new Map(state.runs);
    runs.delete(prompt);
    return { runs };
  });
}

/** No answer came. The job may be in the queue all the same: asking, or sending it again under its key, finds out. */
function lost(studio: Studio, sending: Sending, problem: ServerProblem): void {
  const run = studio.runs.getState().runs.get(sending.prompt);
  if (run) studio.runs.setState((state) => ({ runs: new Map(state.runs).set(run.prompt, { ...run, isLost: true }) }));
  if (studio.runs.getState().connection === "open") void fetchTruth(studio);
  studio.ui.notify({
    tone: "problem",
    text: problem.message,
    details: studio.text("running.lostRemedy"),
    action: { title: studio.text("running.tryAgain"), run: () => void send(studio, sending) },
  });
}

/** The same once more with stand-ins, as a job of its own: another body under the same key would be refused. */
function again(studio: Studio, sending: Sending): void {
  void send(studio, { ...sending, prompt: freshId(), how: { ...sending.how, standIns: true } });
}

/** Errors of nodes that were only added to show a result are told of the node whose result it is. */
function withoutProbes(problem: ServerProblem, part: PartialRun): ServerProblem {
  let text = JSON.stringify(problem.body);
  for (const [probe, node] of part.probes)
    text = text.replaceAll(`${JSON.stringify(probe)}:`, `${JSON.stringify(node)}:`);
  return new ServerProblem(problem.status, problem.kind, problem.message, problem.details, JSON.parse(text));
}
