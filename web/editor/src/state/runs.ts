/** What is known of runs: by prompt, and for each node of the workflow that was queued. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Workflow } from "../document/workflow";

export type NodeRunState = "waiting" | "running" | "done" | "cached" | "failed";

/** A file that a node saved or shows: `GET /view` gives it. */
export interface ShownFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
  /** It moves: a small copy would stand still. */
  readonly isAnimated?: true;
}

export interface NodeProblem {
  readonly message: string;
  readonly details: string;
  /** The input that it concerns. */
  readonly input: string | null;
}

/** How one node fares; keys of maps are ids as the server writes them ("5:3" within a subgraph). */
export interface NodeRun {
  readonly state: NodeRunState;
  /** The run that told this last. */
  readonly prompt?: string;
  readonly value?: number;
  readonly max?: number;
  readonly seconds?: number | null;
  readonly peakBytes?: number | null;
  /** Why it ran, or did not: a sentence of the server's. */
  readonly why?: string | null;
  /** An object URL of a picture of work in progress. */
  readonly preview?: string | null;
  /** Pictures, in the order in which the node told them. */
  readonly files?: readonly ShownFile[];
  /** Object URLs of pictures that came over the websocket and lie in no folder. */
  readonly streamed?: readonly string[];
  /** Files that are no pictures: sound, films, latents. */
  readonly others?: readonly ShownFile[];
  readonly texts?: readonly string[];
  readonly problems?: readonly NodeProblem[];
}

/** `sending`: the server has not answered yet; it may know the job or not. */
export type RunStatus = "sending" | "queued" | "running" | "success" | "error" | "cancelled";

export interface Run {
  readonly prompt: string;
  readonly tab: string;
  /** What was queued. */
  readonly workflow: Workflow;
  readonly status: RunStatus;
  /** No answer came when it was sent: the server may have it or not, until it can be asked. */
  readonly isLost?: boolean;
  /** Why it failed, in the server's words. */
  readonly failure?: string;
  readonly secondsLeft: number | null;
  readonly secondsTotal: number | null;
  /** The time left comes from earlier runs on this machine, not from a rule of thumb. */
  readonly measured?: boolean;
  /** `performance.now()` when `secondsLeft` was told. */
  readonly toldAt?: number;
  /** Nodes of the run that need no more work, and all of them where that is known. */
  readonly nodesDone?: number;
  readonly nodesTotal?: number | null;
  /** Ids of nodes that were only added to show another node's result, and whose it is. */
  readonly probes?: ReadonlyMap<string, string>;
}

/** When workflows are queued without being asked: never, when something changes, or again and again. */
export type AutoQueue = "off" | "change" | "endless";

export interface QueueOptions {
  /** How many jobs one press of the button makes. */
  readonly count: number;
  readonly auto: AutoQueue;
}

export interface RunsState {
  /** By prompt id, newest last. */
  readonly runs: ReadonlyMap<string, Run>;
  /** What the canvas shows, by tab: results stay until newer ones take their place. */
  readonly nodes: ReadonlyMap<string, ReadonlyMap<string, NodeRun>>;
  /** How many jobs run and wait on the server, whoever queued them. */
  readonly remaining: number;
  /** Why no further job begins; null: jobs begin. */
  readonly paused: string | null;
  readonly connection: "connecting" | "open" | "lost";
  /** Counts what ended on the server, so that lists of it know when to look again. */
  readonly endings: number;
  readonly options: QueueOptions;
}

export type Runs = StoreApi<RunsState>;

export const FIRST_STATE: RunsState = {
  runs: new Map(),
  nodes: new Map(),
  remaining: 0,
  paused: null,
  connection: "connecting",
  endings: 0,
  options: { count: 1, auto: "off" },
};

export function createRuns(): Runs {
  return createStore<RunsState>(() => FIRST_STATE);
}

/** How a node of a tab fares; undefined before it ever ran. */
export function nodeRun(state: RunsState, tab: string, node: string): NodeRun | undefined {
  return state.nodes.get(tab)?.get(node);
}

/** Whether a run is not over. */
export function isLive(run: Run): boolean {
  return run.status === "sending" || run.status === "queued" || run.status === "running";
}

/** The run of a tab that is at work; else its first one that waits; undefined without. */
export function liveRun(state: RunsState, tab: string): Run | undefined {
  let waiting: Run | undefined;
  for (const run of state.runs.values()) {
    if (run.tab !== tab || !isLive(run)) continue;
    if (run.status === "running") return run;
    waiting ??= run;
  }
  return waiting;
}
