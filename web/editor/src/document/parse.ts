/** JSON as workflow files hold it: with a byte order mark, or with numbers that JSON does not have. */

import { WorkflowError } from "./problems";

export interface Parsed {
  readonly value: unknown;
  /** NaN or Infinity, which Python writes, stood in it and became null. */
  readonly hadNonFinite: boolean;
}

/** Parse a text; throws a WorkflowError that says where it is no JSON. */
export function parseJson(text: string): Parsed {
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (plain.trim() === "") throw new WorkflowError("empty");
  try {
    return { value: JSON.parse(MANY_DIGITS.test(plain) ? withExactIntegers(plain) : plain), hadNonFinite: false };
  } catch (error) {
    if (error instanceof RangeError) throw new WorkflowError("too_deep");
    const without = /NaN|Infinity/.test(plain) ? withoutNonFinite(plain) : plain;
    if (without !== plain) return { value: parseJson(without).value, hadNonFinite: true };
    throw new WorkflowError("not_json", { reason: reasonOf(error, plain) });
  }
}

const MANY_DIGITS = /\d{16}/; // 2^53 has as many

/**
 * Whole numbers that would be written with other digits than they were read with, since JavaScript's numbers cannot
 * hold them (seeds go up to 2^64 - 1), as texts of their digits: servers read those as INT too, and nothing is rounded.
 * Texts are matched first, so that digits within them stay.
 */
function withExactIntegers(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (found) =>
    /^-?\d{16,}$/.test(found) && String(Number(found)) !== found ? `"${found}"` : found,
  );
}

/** Texts are matched first, so that words within them stay. */
function withoutNonFinite(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) => (found[0] === '"' ? found : "null"));
}

/** Engines tell the place in different words; what is wanted is the line. */
function reasonOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : "";
  const place = /position (\d+)/.exec(message)?.[1];
  if (/end of (JSON )?(input|data)|Unterminated/i.test(message)) return "it ends in the middle";
  if (place === undefined)
    return /<(!doctype|html)/i.test(text.slice(0, 200)) ? "it is a web page" : unexpected(message, text);
  if (Number(place) >= text.trimEnd().length) return "it ends in the middle";
  const before = text.slice(0, Number(place));
  const line = before.split("\n").length;
  const column = before.length - before.lastIndexOf("\n");
  return `a character is wrong in line ${line}, column ${column}`;
}

/** Chromium names the sign and cites what is around it, but no place. */
function unexpected(message: string, text: string): string {
  const [, sign, around] =
    /Unexpected token '?(.+?)'?, (?:\.\.\.)?"([\s\S]*)"(?:\.\.\.)? is not valid/.exec(message) ?? [];
  const at = around === undefined ? -1 : text.indexOf(around);
  if (sign === undefined || around === undefined || at < 0) return "a character is wrong";
  const upTo = text.slice(0, at + Math.max(0, around.indexOf(sign)));
  return `'${sign}' is out of place in line ${upTo.split("\n").length}`;
}
