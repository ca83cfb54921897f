/** Which sockets fit together. */

import type { SlotType } from "./workflow";

/** Whether a link may go from an output of one type to an input of another (API_FACTS 4.5). */
export function typesMatch(output: SlotType, input: SlotType): boolean {
  const given = parts(output);
  const taken = parts(input);
  if (given.has("*") || taken.has("*")) return true;
  for (const type of given) if (taken.has(type)) return true;
  return false;
}

function parts(type: SlotType): ReadonlySet<string> {
  if (type === 0 || type === "") return new Set(["*"]);
  return new Set(
    String(type)
      .split(",")
      .map((part) => part.trim().toUpperCase()),
  );
}
