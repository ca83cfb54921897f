/** Jobs on the server: what runs, waits and ran. */

import type { Server } from "./server";

export type JobStatus = "pending" | "in_progress" | "completed" | "failed" | "cancelled";

/** A job as lists have it. Times are Unix milliseconds. */
export interface JobRow {
  readonly id: string;
  readonly status: JobStatus;
  readonly create_time: number;
  readonly execution_start_time: number | null;
  readonly execution_end_time: number | null;
  /** The file, or text, that stands for it. */
  readonly preview_output: {
    readonly filename?: string;
    readonly subfolder?: string;
    readonly type?: string;
    readonly content?: string;
    readonly mediaType: string;
  } | null;
  readonly outputs_count: number;
  /** Its place: the lowest runs first. */
  readonly priority: number;
  readonly execution_error?: {
    readonly exception_message?: string;
    readonly node_id?: string;
    readonly node_type?: string;
  };
}

export type ApiPrompt = Readonly<
  Record<
    string,
    {
      readonly class_type: string;
      readonly inputs: Readonly<Record<string, unknown>>;
      readonly _meta?: { readonly title?: string };
    }
  >
>;

/** All of a job. */
export interface JobDetail extends JobRow {
  readonly workflow: {
    readonly prompt: ApiPrompt;
    readonly extra_data: {
      readonly client_id?: string;
      readonly weft_tab?: string;
      readonly extra_pnginfo?: { readonly workflow?: unknown };
    };
  };
  /** By node id, once it has ended. */
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly execution_status?: { readonly messages: readonly (readonly [string, Readonly<Record<string, unknown>>])[] };
}

export interface JobPage {
  readonly jobs: readonly JobRow[];
  readonly pagination: {
    readonly offset: number;
    readonly limit: number;
    readonly total: number;
    readonly has_more: boolean;
  };
}

export function fetchJobs(
  server: Server,
  statuses: readonly JobStatus[],
  limit: number,
  offset = 0,
  signal?: AbortSignal,
): Promise<JobPage> {
  const query = new URLSearchParams({ status: statuses.join(","), limit: String(limit), offset: String(offset) });
  return server.json(`/api/jobs?${query}`, signal ? { signal } : {});
}

export function fetchJob(server: Server, id: string): Promise<JobDetail> {
  return server.json(jobPath(id));
}

/** What is told of the nodes of a job: time, memory, why. Empty where nothing was recorded. */
export function fetchReport(
  server: Server,
  id: string,
): Promise<{ readonly nodes: Readonly<Record<string, unknown>> }> {
  return server.json(`${jobPath(id)}/report`);
}

export function cancelJob(server: Server, id: string): Promise<{ readonly cancelled: boolean }> {
  return server.json(`${jobPath(id)}/cancel`, { body: {} });
}

export async function cancelJobs(server: Server, ids: readonly string[]): Promise<void> {
  for (let first = 0; first < ids.length; first += 1000) {
    await server.json("/api/jobs/cancel", { body: { job_ids: ids.slice(first, first + 1000) } });
  }
}

/** Give a waiting job another place among those that wait, counted from 0. */
export async function moveJob(server: Server, id: string, position: number): Promise<void> {
  await server.json("/api/queue/move", { body: { prompt_id: id, position } });
}

export async function pauseQueue(server: Server, reason: string): Promise<void> {
  await server.json("/api/queue/pause", { body: reason ? { reason } : {} });
}

export async function resumeQueue(server: Server): Promise<void> {
  await server.json("/api/queue/resume", { body: {} });
}

/** Forget jobs that have ended; their files stay. */
export async function forgetJobs(server: Server, ids: readonly string[]): Promise<void> {
  await server.json("/api/history", { body: { delete: ids } });
}

/** What the server does just now. */
export interface ServerStatus {
  readonly paused: string | null;
  readonly pending_total: number;
  readonly running: readonly {
    readonly id: string;
    readonly nodes_done: number;
    readonly nodes_total: number;
    readonly node: string | null;
    readonly step: { readonly value: number; readonly max: number } | null;
  }[];
}

export function fetchStatus(server: Server): Promise<ServerStatus> {
  return server.json("/api/status");
}

function jobPath(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}`;
}
