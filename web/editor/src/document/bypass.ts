/** What a bypassed or removed node lets through: which of its inputs an output continues. */

import { typesMatch } from "./socket_types";
import type { SlotType, WorkflowNode } from "./workflow";

/**
 * The input whose value passes through as output `output`: the one at the same place if its type fits, else the first
 * of exactly the wanted type, else the first that fits; undefined where none does. Where anything is wanted, the place
 * alone counts.
 */
export function inputBehind(node: WorkflowNode, output: number, wanted: SlotType): number | undefined {
  const inputs = node.inputs ?? [];
  if (inputs.length === 0) return undefined;
  if (wanted === "*" || wanted === "") return output < inputs.length ? output : 0;
  const same = inputs[output];
  if (same && typesMatch(same.type, wanted)) return output;
  const exact = inputs.findIndex((input) => input.type === wanted);
  const place = exact >= 0 ? exact : inputs.findIndex((input) => typesMatch(input.type, wanted));
  return place < 0 ? undefined : place;
}
