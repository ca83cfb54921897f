/** Workflows on the server: files below `workflows/` of the user's folder, with revisions and former versions. */

import { type Server, ServerProblem } from "../api/server";

const FOLDER = "workflows";

/** A saved workflow. */
export interface SavedFile {
  /** Below the folder of workflows: `portraits/anna.json`. */
  readonly path: string;
  readonly size: number;
  /** Unix seconds. */
  readonly modified: number;
}

/** A former content of one. */
export interface ServerVersion {
  readonly revision: string;
  /** Until when it was the content, in Unix seconds. */
  readonly replaced: number;
  readonly size: number;
}

/** All saved workflows; none when the folder was never made. */
export async function listFiles(server: Server): Promise<SavedFile[]> {
  const query = new URLSearchParams({ dir: FOLDER, recurse: "true", full_info: "true" });
  try {
    const files = await server.json<SavedFile[]>(`/api/userdata?${query}`);
    return files.filter((file) => file.path.endsWith(".json"));
  } catch (error) {
    if (error instanceof ServerProblem && error.status === 404) return [];
    throw error;
  }
}

/** A file's text and its revision. */
export async function readFile(
  server: Server,
  path: string,
): Promise<{ readonly text: string; readonly revision: string | null }> {
  const response = await server.fetch(address(path));
  return { text: await response.text(), revision: response.headers.get("ETag") };
}

/**
 * Write a file; the answer is its new revision.
 *
 * Throws a ServerProblem: 412 when it is not of `revision` any more, 409 when it is there and `revision` is null.
 */
export async function writeFile(
  server: Server,
  path: string,
  text: string,
  revision: string | null,
): Promise<string | null> {
  const query = new URLSearchParams({ full_info: "true", overwrite: String(revision !== null) });
  const saved = await server.json<{ revision?: string }>(`${address(path)}?${query}`, {
    method: "POST",
    body: text,
    headers: { "Content-Type": "application/json", ...(revision === null ? {} : { "If-Match": revision }) },
  });
  return saved.revision === undefined ? null : `"${saved.revision}"`;
}

/** Delete a file; the server keeps its content among the versions. */
export async function deleteFile(server: Server, path: string): Promise<void> {
  await server.fetch(address(path), { method: "DELETE" });
}

/** Give a file another name. */
export async function moveFile(server: Server, path: string, to: string): Promise<void> {
  const dest = encodeURIComponent(`${FOLDER}/${to}`);
  await server.fetch(`${address(path)}/move/${dest}?overwrite=false`, { method: "POST" });
}

/** The former versions that the server keeps, newest first. */
export async function fileVersions(server: Server, path: string): Promise<ServerVersion[]> {
  return server.json<ServerVersion[]>(`${address(path)}/history`);
}

/** The text of one of them. */
export async function readVersion(server: Server, path: string, revision: string): Promise<string> {
  return (await server.fetch(`${address(path)}/history/${revision}`)).text();
}

function address(path: string): string {
  return `/api/userdata/${encodeURIComponent(`${FOLDER}/${path}`)}`;
}
