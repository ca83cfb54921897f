/** From the messages of the websocket to the runs store. Pure: the same messages lead to the same state. */

import type { SocketMessage } from "../api/socket";
import { isObject } from "../document/json";
import type { NodeRun, NodeRunState, Run, RunsState } from "../state/runs";
import { Changes } from "./changes";
import { instancesAround, shownId } from "../document/node_ids";
import { readOutput } from "./outputs";

type Data = Readonly<Record<string, unknown>>;

/** What changed, and the object URLs that nothing shows any more. */
export interface Told {
  readonly change: Partial<RunsState>;
  readonly dropped: readonly string[];
}

/**
 * Take in messages in their order. Beyond those of the server: `weft.preview` and `weft.picture` with `prompt_id`,
 * `node` and an object `url`, for pictures that came as binary frames; `now` is the clock of `Run.toldAt`.
 */
export function told(state: RunsState, messages: readonly SocketMessage[], now: number): Told {
  const changes = new Changes(state);
  for (const { type, data } of messages) TELLERS[type]?.(changes, data, now);
  return { change: changes.result(), dropped: changes.dropped };
}

const TELLERS: Readonly<Record<string, (changes: Changes, data: Data, now: number) => void>> = {
  status: tellStatus,
  execution_start: tellStart,
  execution_cached: tellCached,
  executing: tellExecuting,
  progress: tellProgress,
  progress_state: tellProgressState,
  executed: tellExecuted,
  execution_success: (changes, data) => end(changes, promptOf(data), "success"),
  execution_interrupted: (changes, data) => end(changes, promptOf(data), "cancelled"),
  execution_error: tellError,
  weft_node_report: tellReport,
  weft_eta: tellEta,
  "weft.preview": (changes, data) => changeShown(changes, data, { preview: String(data["url"]) }),
  "weft.picture": tellPicture,
};

function promptOf(data: Data): string {
  return String(data["prompt_id"] ?? "");
}

/** The node of the canvas that a message is about: nodes that were added to show a result stand for its own node. */
function nodeOf(run: Run | undefined, id: string): string {
  const shown = shownId(id);
  return run?.probes?.get(shown) ?? shown;
}

function tellStatus(changes: Changes, data: Data): void {
  const status = data["status"];
  const info = isObject(status) ? status["exec_info"] : null;
  const remaining = isObject(info) ? Number(info["queue_remaining"]) : Number.NaN;
  if (!Number.isFinite(remaining)) return;
  const { remaining: before, endings } = changes.now;
  changes.set({ remaining, ...(remaining < before ? { endings: endings + 1 } : {}) });
}

function tellCached(changes: Changes, data: Data): void {
  const run = changes.run(promptOf(data));
  if (!run || !Array.isArray(data["nodes"])) return;
  for (const id of data["nodes"]) become(changes, run, String(id), "cached", { value: 1, max: 1, preview: null });
}

function tellExecuting(changes: Changes, data: Data): void {
  const run = changes.run(promptOf(data));
  if (!run || data["node"] == null) return;
  const fields = { value: 0, max: 1, problems: [], preview: null, streamed: [] };
  become(changes, run, String(data["display_node"] ?? data["node"]), "running", fields);
}

function tellProgress(changes: Changes, data: Data): void {
  const run = changes.run(promptOf(data));
  if (run)
    become(changes, run, String(data["node"]), "running", { value: Number(data["value"]), max: Number(data["max"]) });
}

const STATES: Readonly<Record<string, NodeRunState>> = { running: "running", finished: "done", error: "failed" };

function tellProgressState(changes: Changes, data: Data): void {
  const run = changes.run(promptOf(data));
  if (!run || !isObject(data["nodes"])) return;
  for (const [id, told] of Object.entries(data["nodes"])) {
    if (!isObject(told)) continue;
    const state = STATES[String(told["state"])] ?? "running";
    const isPart = shownId(id) !== id; // of an expansion: its end is not the end of the node that made it
    const node = String(told["display_node_id"] ?? id);
    const known = changes.nodesOf(run.tab).get(nodeOf(run, node));
    if (isPart && state !== "running") continue;
    if (state === "done" && known?.state === "cached" && known.prompt === run.prompt) continue;
    become(changes, run, node, state, { value: Number(told["value"]), max: Number(told["max"]) });
  }
}

function tellExecuted(changes: Changes, data: Data): void {
  const run = changes.run(promptOf(data));
  if (!run) return;
  const id = nodeOf(run, String(data["display_node"] ?? data["node"]));
  const known = changes.nodesOf(run.tab).get(id);
  const wasCached = known?.state === "cached" && known.prompt === run.prompt;
  const output = readOutput(data["output"]);
  become(changes, run, id, wasCached ? "cached" : "done", { ...output, preview: null, streamed: [] });
  for (const around of instancesAround(id)) changes.changeNode(run.tab, around, { ...output, preview: null });
}

/** Pictures of `SaveImageWebsocket` and its like: they come while their node runs and lie in no folder. */
function tellPicture(changes: Changes, data: Data): void {
  const run = [...changes.now.runs.values()].findLast((one) => one.status === "running");
  if (!run) return;
  const nodes = changes.nodesOf(run.tab);
  const at = [...nodes].findLast(
    ([id, node]) => node.state === "running" && node.prompt === run.prompt && !id.endsWith(":"),
  );
  if (at) changes.changeNode(run.tab, at[0], { streamed: [...(at[1].streamed ?? []), String(data["url"])], files: [] });
}

function tellError(changes: Changes, data: Data): void {
  const run = changes.run(promptOf(data));
  if (!run) return;
  const id = nodeOf(run, String(data["node_id"] ?? ""));
  const message = String(data["exception_message"] ?? "").trim();
  const input = typeof data["weft_input"] === "string" ? data["weft_input"] : null;
  const details = String(data["exception_type"] ?? "");
  for (const failed of id ? [id] : runningOf(changes, run)) {
    become(changes, run, failed, "failed", { problems: [{ message, details, input }], preview: null });
    for (const around of instancesAround(failed))
      changes.changeNode(run.tab, around, { problems: [{ message, details: failed, input: null }] });
  }
  if (details === "ExecutionBlocked") return;
  changes.changeRun(run.prompt, { failure: message });
  end(changes, run.prompt, "error");
}

/** A job begins, maybe for the second time because its worker died: then nothing of the first time runs any more. */
function tellStart(changes: Changes, data: Data): void {
  const run = changes.run(promptOf(data));
  if (!run) return;
  changes.changeRun(run.prompt, { status: "running", nodesDone: 0 });
  for (const id of runningOf(changes, run)) changes.changeNode(run.tab, id, { state: "waiting", preview: null });
}

/** The nodes that are at work; instances of subgraphs are not, only what is in them. */
function runningOf(changes: Changes, run: Run): string[] {
  const running = [...changes.nodesOf(run.tab)].filter(
    ([, node]) => node.state === "running" && node.prompt === run.prompt,
  );
  return running.map(([id]) => id).filter((id) => !running.some(([other]) => other.startsWith(`${id}:`)));
}

const REPORTED: Readonly<Record<string, NodeRunState>> = { ran: "done", cached: "cached", failed: "failed" };

function tellReport(changes: Changes, data: Data): void {
  const run = changes.run(promptOf(data));
  if (!run || !isObject(data["nodes"])) return;
  const instances = new Set<string>();
  for (const [id, report] of Object.entries(data["nodes"])) {
    if (!isObject(report) || shownId(id) !== id || run.probes?.has(id)) continue;
    changes.changeNode(run.tab, id, {
      state: REPORTED[String(report["state"])] ?? "done",
      prompt: run.prompt,
      seconds: numberOr(report["seconds"]),
      peakBytes: numberOr(report["peak_bytes"]),
      why: typeof report["why"] === "string" ? report["why"] : null,
    });
    for (const around of instancesAround(id)) instances.add(around);
  }
  for (const instance of instances) sumInside(changes, run, instance);
}

/** A subgraph took what its nodes took together, and as much memory as the most of them. */
function sumInside(changes: Changes, run: Run, instance: string): void {
  const inside = [...changes.nodesOf(run.tab)].filter(
    ([id, node]) => id.startsWith(`${instance}:`) && node.prompt === run.prompt,
  );
  const parts = inside.map(([, node]) => node);
  const peaks = parts.map((node) => node.peakBytes ?? 0);
  changes.changeNode(run.tab, instance, {
    prompt: run.prompt,
    state: stateOfParts(parts),
    seconds: parts.every((node) => node.seconds == null)
      ? null
      : parts.reduce((sum, node) => sum + (node.seconds ?? 0), 0),
    peakBytes: Math.max(0, ...peaks) || null,
    why: null,
  });
}

function stateOfParts(parts: readonly NodeRun[]): NodeRunState {
  if (parts.some((node) => node.state === "failed")) return "failed";
  if (parts.some((node) => node.state === "running")) return "running";
  if (parts.length > 0 && parts.every((node) => node.state === "cached")) return "cached";
  return parts.some((node) => node.state === "done") ? "done" : "waiting";
}

function tellEta(changes: Changes, data: Data, now: number): void {
  const left = numberOr(data["seconds_left"]);
  const measured = data["confidence"] === "measured";
  changes.changeRun(promptOf(data), {
    secondsLeft: left,
    secondsTotal: numberOr(data["seconds_total"]),
    measured,
    toldAt: now,
  });
}

function changeShown(changes: Changes, data: Data, fields: Partial<NodeRun>): void {
  const run = changes.run(promptOf(data));
  if (!run) {
    changes.dropped.push(String(data["url"]));
    return;
  }
  changes.changeNode(run.tab, nodeOf(run, String(data["node"])), { prompt: run.prompt, ...fields });
}

/** A node gets another state, and the subgraph instances around it what follows from that. */
function become(changes: Changes, run: Run, id: string, state: NodeRunState, fields: Partial<NodeRun>): void {
  const node = nodeOf(run, id);
  const before = changes.nodesOf(run.tab).get(node);
  const again = before?.prompt === run.prompt ? {} : { seconds: null, peakBytes: null, why: null };
  changes.changeNode(run.tab, node, { ...again, ...fields, state, prompt: run.prompt });
  const wasDone = before?.prompt === run.prompt && isDone(before.state);
  if (isDone(state) && !wasDone)
    changes.changeRun(run.prompt, { nodesDone: (changes.run(run.prompt)?.nodesDone ?? 0) + 1 });
  for (const around of instancesAround(node)) {
    changes.changeNode(run.tab, around, {
      state: state === "running" ? "running" : partState(changes, run, around),
      prompt: run.prompt,
    });
  }
}

function isDone(state: NodeRunState): boolean {
  return state === "done" || state === "cached";
}

function partState(changes: Changes, run: Run, instance: string): NodeRunState {
  const inside = [...changes.nodesOf(run.tab)].filter(
    ([id, node]) => id.startsWith(`${instance}:`) && node.prompt === run.prompt,
  );
  return stateOfParts(inside.map(([, node]) => node));
}

/** A run is over: nothing of it runs, and pictures of work in progress go. */
export function end(changes: Changes, prompt: string, status: "success" | "error" | "cancelled"): void {
  const run = changes.run(prompt);
  if (!run) return;
  changes.putRun({ ...run, status, secondsLeft: null });
  changes.set({ endings: changes.now.endings + 1 });
  for (const [id, node] of changes.nodesOf(run.tab)) {
    if (node.prompt !== prompt) continue;
    const state = node.state !== "running" ? node.state : status === "success" ? "done" : "waiting";
    if (state !== node.state || node.preview) changes.changeNode(run.tab, id, { state, preview: null });
  }
}

function numberOr(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
