/** From what a person types to the values of an axis. */

import type { Json } from "../document/json";
import type { InputSpec } from "../document/schema";

/** Values, or what cannot be read. */
export type ParsedValues = { readonly values: readonly Json[] } | { readonly unreadable: string };

const MOST = 100; // values of one range
const RANGE = /^(-?[\d.]+)\s*(?:\.\.|…|–)\s*(-?[\d.]+)(?:\s*(?:\/|:)\s*([\d.]+))?$/;

/**
 * Read the values of an axis.
 *
 * Numbers: `4, 8, 12`, `1..5` (whole steps; fractions in five parts), `0..1 / 0.25` (by a step). Texts: one a line.
 * Choices: one a line or separated by commas; each has to be among them.
 */
export function parseValues(spec: InputSpec, text: string): ParsedValues {
  if (spec.type === "INT" || spec.type === "FLOAT")
    return collected(text.split(/[,;\n]+/), (part) => numbers(spec, part));
  if (spec.type === "BOOLEAN") return collected(text.split(/[,;\n]+/), switched);
  if (spec.type === "COMBO") {
    const parts = text.includes("\n") ? text.split("\n") : text.split(",");
    return collected(parts, (part) => spec.choices.filter((choice) => String(choice) === part));
  }
  return { values: text.split("\n").filter((line) => line.trim() !== "") };
}

function collected(parts: readonly string[], read: (part: string) => readonly Json[]): ParsedValues {
  const values: Json[] = [];
  for (const part of parts.map((one) => one.trim()).filter((one) => one !== "")) {
    const found = read(part);
    if (found.length === 0) return { unreadable: part };
    values.push(...found);
  }
  return { values };
}

function switched(part: string): readonly boolean[] {
  if (/^(true|on|yes|1)$/i.test(part)) return [true];
  return /^(false|off|no|0)$/i.test(part) ? [false] : [];
}

function numbers(spec: InputSpec, part: string): readonly number[] {
  const range = RANGE.exec(part);
  const values = range
    ? ranged(spec, Number(range[1]), Number(range[2]), range[3] === undefined ? null : Number(range[3]))
    : [Number(part)];
  const whole = spec.type === "INT" ? values.map(Math.round) : values;
  const inRange = (value: number): boolean => value >= (spec.min ?? -Infinity) && value <= (spec.max ?? Infinity);
  return whole.every((value) => Number.isFinite(value) && inRange(value)) ? whole : [];
}

function ranged(spec: InputSpec, from: number, to: number, by: number | null): readonly number[] {
  const usual =
    spec.type === "INT" || (Number.isInteger(from) && Number.isInteger(to) && Math.abs(to - from) > 1)
      ? 1
      : Math.abs(to - from) / 4;
  const step = by ?? usual;
  const count = step > 0 ? Math.floor(Math.abs(to - from) / step + 1e-9) + 1 : 0;
  if (!(count >= 1 && count <= MOST)) return [NaN];
  const sign = to < from ? -1 : 1;
  return Array.from({ length: count }, (_, at) => Number((from + sign * at * step).toPrecision(12)));
}

/** How values are typed again. */
export function writtenValues(spec: InputSpec | undefined, values: readonly Json[]): string {
  const lines = spec === undefined || spec.type === "STRING" || spec.type === "COMBO";
  return values.map(String).join(lines ? "\n" : ", ");
}
