/** What workflows saved: the files of the output folder. */

import type { ShownFile } from "../state/runs";
import type { Server } from "./server";

/** What a picture says of how it was made. */
export interface MadeWith {
  readonly prompts: readonly string[];
  readonly models: readonly string[];
  readonly samplers: readonly string[];
  readonly seed: number | string | null;
  /** Width and height in pixels. */
  readonly size: readonly [number, number] | null;
}

export interface OutputFile extends ShownFile {
  /** Bytes. */
  readonly size: number;
  /** Unix seconds. */
  readonly modified: number;
  readonly made_with?: MadeWith | null;
}

export interface OutputPage {
  readonly files: readonly OutputFile[];
  readonly total: number;
  /** The cursor of the next page. */
  readonly next: string | null;
}

/** Words that have to be found: in the path, or in what a picture says of how it was made. Empty ones do not count. */
export interface OutputSearch {
  readonly search?: string;
  readonly prompt?: string;
  readonly model?: string;
  readonly sampler?: string;
}

export interface OutputQuery extends OutputSearch {
  readonly limit: number;
  readonly cursor?: string | null;
  readonly details?: boolean;
}

/** A page of pictures, newest first. */
export function fetchOutputs(
  server: Server,
  { limit, cursor, details, ...search }: OutputQuery,
  signal?: AbortSignal,
): Promise<OutputPage> {
  const query = new URLSearchParams({ media: "image", limit: String(limit) });
  for (const [name, words] of Object.entries(search)) if (words?.trim()) query.set(name, words.trim());
  if (cursor) query.set("cursor", cursor);
  if (details) query.set("details", "true");
  return server.json(`/api/outputs?${query}`, signal ? { signal } : {});
}

/** What one picture says of how it was made; null where it says nothing. */
export async function fetchMadeWith(server: Server, file: ShownFile): Promise<MadeWith | null> {
  const { files } = await fetchOutputs(server, { search: file.filename, limit: 50, details: true });
  return files.find((one) => one.filename === file.filename && one.subfolder === file.subfolder)?.made_with ?? null;
}

/** The workflow that a picture carries, and its prompt. */
export function fetchEmbedded(
  server: Server,
  file: ShownFile,
): Promise<{ readonly workflow: unknown; readonly prompt: unknown }> {
  return server.json(`/api/outputs/workflow?${namedBy(file)}`);
}

export async function deleteOutput(server: Server, file: ShownFile): Promise<void> {
  await server.json(`/api/outputs?${namedBy(file)}`, { method: "DELETE" });
}

function namedBy({ filename, subfolder, type }: ShownFile): URLSearchParams {
  return new URLSearchParams({ filename, subfolder, type });
}
