/** Texts in PNG files: chunks tEXt, zTXt and iTXt (PNG specification, third edition, 11.3.3). */

import { WorkflowError } from "../problems";
import { type Entries, latin1, lenient, part, utf8, viewOf } from "./texts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** No workflow is larger; what unpacks to more was made to fill the memory. */
const MOST_BYTES = 256 * 1024 * 1024;

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, place) => bytes[place] === byte);
}

/** Key and text of every text chunk, and the Exif chunk if there is one. */
export async function readPng(bytes: Uint8Array): Promise<{ entries: Entries; exif: Uint8Array | undefined }> {
  const view = viewOf(bytes);
  const entries: (readonly [string, string])[] = [];
  let exif: Uint8Array | undefined;
  let at = SIGNATURE.length;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at);
    const kind = latin1(bytes.subarray(at + 4, at + 8));
    if (kind === "IEND") break;
    if (kind === "tEXt" || kind === "zTXt" || kind === "iTXt") {
      const entry = await readText(kind, part(bytes, at + 8, length));
      if (entry) entries.push(entry);
    }
    if (kind === "eXIf") exif = part(bytes, at + 8, length);
    at += 12 + length;
  }
  return { entries, exif };
}

async function readText(kind: string, data: Uint8Array): Promise<readonly [string, string] | undefined> {
  const end = data.indexOf(0);
  if (end < 0) return undefined;
  const key = latin1(data.subarray(0, end));
  if (!/^(workflow|prompt)$/i.test(key)) return undefined;
  if (kind === "tEXt") return [key, lenient(data.subarray(end + 1))];
  if (kind === "zTXt") return [key, lenient(await inflated(data.subarray(end + 2)))];
  const isPacked = data[end + 1] === 1;
  const language = data.indexOf(0, end + 3);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) return undefined;
  const text = data.subarray(translated + 1);
  return [key, utf8(isPacked ? await inflated(text) : text)];
}

async function inflated(packed: Uint8Array): Promise<Uint8Array> {
  try {
    const stream = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream("deflate"));
    return await collected(stream.getReader());
  } catch (error) {
    if (error instanceof WorkflowError) throw error;
    throw new WorkflowError("broken_metadata", { reason: "its packed text is damaged" });
  }
}

async function collected(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    parts.push(step.value);
    length += step.value.length;
    if (length > MOST_BYTES) {
      await reader.cancel();
      throw new WorkflowError("broken_metadata", { reason: "it unpacks to more than 256 MiB" });
    }
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const one of parts) {
    whole.set(one, at);
    at += one.length;
  }
  return whole;
}
