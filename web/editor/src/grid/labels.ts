/** How values are written at the edges of a grid. */

import type { Json } from "../document/json";

const LONGEST = 48; // characters

/** A value in one short line; files without their ending. */
export function labelOf(value: Json): string {
  const text =
    typeof value === "number"
      ? String(Number(value.toPrecision(6)))
      : String(value).replace(/\.(safetensors|ckpt|pt)$/, "");
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
