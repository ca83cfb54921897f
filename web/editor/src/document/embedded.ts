/** Opening files by what they are, not by their names: JSON, pictures and tensors with a workflow inside. */

import { avifExif, isAvif, isJpeg, isWebp, jpegExif, webpExif } from "./embedded/containers";
import { exifTexts } from "./embedded/exif";
import { isPng, readPng } from "./embedded/png";
import { headerEnd, isSafetensors, readSafetensors } from "./embedded/safetensors";
import { type Embedded, pick, pickPrefixed, utf8 } from "./embedded/texts";
import { parseJson } from "./parse";
import { WorkflowError } from "./problems";
import { type ReadWorkflow, readWorkflow } from "./read";
import type { Catalogue } from "./schema";

export type { Embedded } from "./embedded/texts";

/** Model files have their header at the start; more of them is not read. */
const SAFETENSORS_START = 16;
const SAFETENSORS_NAME = /\.(safetensors|latent|sft)$/i;

/**
 * Read the workflow in a file: `workflow` if it carries one, else `prompt`.
 *
 * Throws a WorkflowError, with a sentence for people, when there is none.
 */
export async function readFile(file: Blob & { readonly name?: string }, catalogue?: Catalogue): Promise<ReadWorkflow> {
  return readBytes(await neededBytes(file), catalogue);
}

/** The same for bytes that are there already. */
export async function readBytes(bytes: Uint8Array, catalogue?: Catalogue): Promise<ReadWorkflow> {
  if (isJsonLike(bytes)) return readWorkflow(utf8(bytes), catalogue);
  return readEmbedded(await embeddedIn(bytes), catalogue);
}

/** The workflow among what a file carries. */
export function readEmbedded(found: Embedded, catalogue?: Catalogue): ReadWorkflow {
  if (found.workflow !== undefined) {
    try {
      const parsed = parseJson(found.workflow).value;
      if (parsed !== null) return readWorkflow(parsed, catalogue);
    } catch (error) {
      if (!(error instanceof WorkflowError) || found.prompt === undefined) throw broken(error);
    }
  }
  if (found.prompt === undefined) throw new WorkflowError("no_metadata");
  try {
    return readWorkflow(found.prompt, catalogue);
  } catch (error) {
    throw broken(error);
  }
}

function broken(error: unknown): unknown {
  if (!(error instanceof WorkflowError) || error.code !== "not_json") return error;
  return new WorkflowError("broken_metadata", { reason: String(error.values["reason"] ?? "") });
}

/** What a file that is no JSON says of how it was made; empty where it says nothing. */
export async function embeddedIn(bytes: Uint8Array): Promise<Embedded> {
  if (isPng(bytes)) {
    const { entries, exif } = await readPng(bytes);
    return { ...(exif ? pickPrefixed(exifTexts(exif)) : {}), ...pick(entries) };
  }
  if (isWebp(bytes)) return inExif(webpExif(bytes));
  if (isJpeg(bytes)) return inExif(jpegExif(bytes));
  if (isAvif(bytes))
    return (
      avifExif(bytes)
        .map(inExif)
        .find((found) => found.workflow ?? found.prompt) ?? {}
    );
  if (!isSafetensors(bytes)) throw new WorkflowError("unknown_file");
  const found = readSafetensors(bytes);
  if (found.workflow === undefined && found.prompt === undefined) throw new WorkflowError("no_metadata_tensors");
  return found;
}

/** Exif texts say what they are, or are one bare JSON object. */
function inExif(exif: Uint8Array | undefined): Embedded {
  const texts = exif ? exifTexts(exif) : [];
  const found = pickPrefixed(texts);
  if (found.workflow ?? found.prompt) return found;
  const bare = texts.find((text) => /^\s*\{[\s\S]*"(nodes|class_type|workflow|prompt)"/.test(text));
  return bare === undefined ? {} : { workflow: bare.replace(/\0+$/, "") };
}

async function neededBytes(file: Blob & { readonly name?: string }): Promise<Uint8Array> {
  if (!SAFETENSORS_NAME.test(file.name ?? "")) return new Uint8Array(await file.arrayBuffer());
  const start = new Uint8Array(await file.slice(0, SAFETENSORS_START).arrayBuffer());
  const end = isSafetensorsStart(start) ? Math.min(file.size, headerEnd(start)) : file.size;
  return new Uint8Array(await file.slice(0, end).arrayBuffer());
}

function isSafetensorsStart(start: Uint8Array): boolean {
  return start[8] === 0x7b && start[0] !== 0x7b;
}

/** Whether it is JSON, or a text of any other kind, whose error then says what is wrong. */
function isJsonLike(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return true;
  if (isSafetensors(bytes)) return false;
  const start = bytes.subarray(0, 512);
  return !start.includes(0) && !isPng(bytes) && !isJpeg(bytes) && !isWebp(bytes) && !isAvif(bytes);
}
