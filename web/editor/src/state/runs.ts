/** What is known of runs: by prompt, and for each node of the workflow that was queued. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Workflow } from "../document/workflow";

export type NodeRunState = "waiting" | "running" | "done" | "cached" | "failed";

/** A file that a node saved or shows: `GET /view` gives it. */
export interface ShownFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
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
  readonly value?: number;
  readonly max?: number;
  readonly seconds?: number | null;
  readonly peakBytes?: number | null;
  /** Why it ran, or did not: a sentence of the server's. */
  readonly why?: string | null;
  /** An object URL of a picture of work in progress. */
  readonly preview?: string | null;
  readonly files?: readonly ShownFile[];
  readonly texts?: readonly string[];
  readonly problems?: readonly NodeProblem[];
}

export type RunStatus = "queued" | "running" | "success" | "error" | "cancelled";

export interface Run {
  readonly prompt: string;
  readonly tab: string;
  /** What was queued. */
  readonly workflow: Workflow;
  readonly status: RunStatus;
  readonly secondsLeft: number | null;
  readonly secondsTotal: number | null;
}

export interface RunsState {
  /** By prompt id, newest last. */
  readonly runs: ReadonlyMap<string, Run>;
  /** What the canvas shows, by tab: results stay until newer ones take their place. */
  readonly nodes: ReadonlyMap<string, ReadonlyMap<string, NodeRun>>;
  /** How many jobs run and wait on the server, whoever queued them. */
  readonly remaining: number;
  readonly paused: string | null;
  readonly connection: "connecting" | "open" | "lost";
}

export type Runs = StoreApi<RunsState>;

export function createRuns(): Runs {
  return createStore<RunsState>(() => ({
    runs: new Map(),
    nodes: new Map(),
    remaining: 0,
    paused: null,
    connection: "connecting",
  }));
}

/** How a node of a tab fares; undefined before it ever ran. */
export function nodeRun(state: RunsState, tab: string, node: string): NodeRun | undefined {
  return state.nodes.get(tab)?.get(node);
}
