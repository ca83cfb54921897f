/** What flowed out of a node, as the server describes it (`docs/api.md`). */

import type { Server } from "../api/server";

export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

export interface Channel {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly histogram: Histogram | null;
}

export interface Token {
  readonly token: string;
  readonly id: number;
  readonly weight: number;
  /** Which of SDXL's two text encoders read it: `l` or `g`. */
  readonly encoder: string;
}

/** One value; an output that gives lists has several. */
export interface ValueItem {
  readonly kind: string;
  readonly shape: readonly number[] | null;
  readonly dtype: string | null;
  readonly device: string | null;
  readonly bytes: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly std: number | null;
  readonly nan: number | null;
  readonly inf: number | null;
  readonly histogram: Histogram | null;
  readonly channels: readonly Channel[] | null;
  /** The numbers themselves, of a short row: noise levels, strengths over time. */
  readonly curve?: readonly number[] | null;
  readonly pictures: number;
  readonly text: string | null;
  readonly tokens: readonly (readonly Token[])[] | null;
  readonly options: Readonly<Record<string, string>> | null;
}

export interface Difference {
  readonly max_abs: number;
  readonly mean_abs: number;
  /** dB; null where the values are the same, or no pictures. */
  readonly psnr: number | null;
}

export interface FlowedValue {
  readonly prompt_id: string;
  readonly node: string;
  readonly slot: number;
  readonly type: string;
  readonly items: readonly ValueItem[];
  readonly previous: { readonly prompt_id?: string; readonly items: readonly ValueItem[] } | null;
  readonly difference: Difference | null;
}

/** Which of two runs a picture is of. */
export type Side = "current" | "previous" | "difference";

/** Where an output of a job is asked for. */
export interface OutputPlace {
  readonly prompt: string;
  readonly node: string;
  readonly slot: number;
}

/** Ask what flowed; throws a ServerProblem: 410 not kept any more, 409 not there yet. */
export function readValue(server: Server, place: OutputPlace, signal: AbortSignal): Promise<FlowedValue> {
  return server.json<FlowedValue>(addressOf(place), { signal });
}

/** The address of a value's picture. */
export function pictureAddress(server: Server, place: OutputPlace, item: number, batch: number, of: Side): string {
  const query = new URLSearchParams({ item: String(item), batch: String(batch), size: "512", of });
  return server.address(`${addressOf(place)}/picture?${query}`);
}

function addressOf({ prompt, node, slot }: OutputPlace): string {
  return `/api/jobs/${encodeURIComponent(prompt)}/values/${encodeURIComponent(node)}/${slot}`;
}
