/** Finding JSON in the texts that files carry beside their contents. */

import { WorkflowError } from "../problems";

/** What a file says of how it was made; texts of JSON. */
export interface Embedded {
  readonly workflow?: string;
  readonly prompt?: string;
}

/** Key and text of each entry. */
export type Entries = Iterable<readonly [string, string]>;

/** `workflow` and `prompt` of entries, whatever the case of their keys; the first of each counts. */
export function pick(entries: Entries): Embedded {
  const found: { workflow?: string; prompt?: string } = {};
  for (const [key, text] of entries) {
    const name = key.toLowerCase();
    if (name === "workflow" || name === "prompt") found[name] ??= text;
  }
  return found;
}

/** Texts of the form `workflow:{...}`, as Exif tags hold them. */
export function pickPrefixed(texts: Iterable<string>): Embedded {
  const entries: (readonly [string, string])[] = [];
  for (const text of texts) {
    const parts = /^\s*(workflow|prompt)\s*:\s*(\{[\s\S]*)$/i.exec(text);
    if (parts?.[1] && parts[2]) entries.push([parts[1], parts[2].replace(/\0+$/, "")]);
  }
  return pick(entries);
}

export function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

/** Bytes that may be UTF-8 although the format says Latin-1, as many writers leave them. */
export function lenient(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return latin1(bytes); // What the format asks for.
  }
}

/** A part of a file; throws a WorkflowError where the file ends before. */
export function part(bytes: Uint8Array, from: number, length: number): Uint8Array {
  if (from < 0 || length < 0 || from + length > bytes.length) {
    throw new WorkflowError("broken_metadata", { reason: "the file ends in the middle" });
  }
  return bytes.subarray(from, from + length);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
