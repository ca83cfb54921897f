/** Metadata of .safetensors files and of .latent files, which have the same form: a length, then a JSON header. */

import { isObject } from "../json";
import { parseJson } from "../parse";
import { type Embedded, pick, utf8, viewOf } from "./texts";

/** Headers of more bytes are refused by the format itself. */
const MOST_BYTES = 100_000_000;

export function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || bytes[8] !== 0x7b) return false;
  const length = headerLength(bytes);
  return length >= 2n && length <= BigInt(Math.min(MOST_BYTES, bytes.length - 8));
}

/** What the header's `__metadata__` says. */
export function readSafetensors(bytes: Uint8Array): Embedded {
  const header = parseJson(utf8(bytes.subarray(8, 8 + Number(headerLength(bytes))))).value;
  const metadata = isObject(header) ? header["__metadata__"] : undefined;
  if (!isObject(metadata)) return {};
  return pick(Object.entries(metadata).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])));
}

/** How many bytes from the start of a file hold all that `readSafetensors` needs. */
export function headerEnd(start: Uint8Array): number {
  return start.length < 8 ? 0 : 8 + Number(headerLength(start));
}

function headerLength(bytes: Uint8Array): bigint {
  return viewOf(bytes).getBigUint64(0, true);
}
