/** Reading the values of widgets, as files keep them: lists by place, objects by name in some packs. */

import type { Json } from "./json";
import { isObject } from "./json";
import type { InputSpec, NodeSchema } from "./schema";
import { placesIn } from "./widget_places";
import type { WorkflowNode } from "./workflow";

/** What becomes of a seed when a prompt has been queued. */
export const SEED_CONTROLS = ["fixed", "increment", "decrement", "randomize"] as const;
export type SeedControl = (typeof SEED_CONTROLS)[number];
/** The name that a seed's control has where values go by name. */
export const CONTROL_NAME = "control_after_generate";

/** A value of a node, from its list by place or from its object by name. */
export function savedValue(node: WorkflowNode, name: string, index: number): Json | undefined {
  const values = node.widgets_values;
  if (values == null) return undefined;
  if (isList(values)) return values[index];
  return isObject(values) ? (values[name] as Json | undefined) : undefined;
}

/** A node's list of values; empty where it has none or keeps them by name. */
export function listedValues(node: WorkflowNode): readonly Json[] {
  const values = node.widgets_values;
  return values != null && isList(values) ? values : [];
}

/** What a seed's control is set to; anything else that files hold there counts as fixed. */
export function readControl(value: Json | undefined): SeedControl {
  return SEED_CONTROLS.find((control) => control === value) ?? "fixed";
}

export function isControl(value: Json | undefined): value is SeedControl {
  return SEED_CONTROLS.some((control) => control === value);
}

/** The value that a fresh widget has. */
export function defaultOf(spec: InputSpec): Json {
  if (spec.default !== undefined) return spec.default;
  switch (spec.type) {
    case "INT":
    case "FLOAT":
      return Math.max(0, spec.min ?? 0);
    case "BOOLEAN":
      return false;
    case "COMBO":
      return spec.choices[0] ?? "";
    default:
      return "";
  }
}

/** `widgets_values` of a fresh node. */
export function freshValues(schema: NodeSchema): Json[] {
  return placesIn(schema, new Set(), -1).map(({ kind, spec }) => {
    if (kind === "value") return defaultOf(spec);
    if (kind === "control") return "randomize";
    return kind === "upload" ? "image" : "";
  });
}

/** The whole of `widgets_values` as it is shown: what is missing in a list that ends early has its usual value. */
export function wholeValues(node: WorkflowNode, schema: NodeSchema | undefined): Json[] {
  const saved = listedValues(node);
  const usual = schema ? freshValues(schema) : [];
  return Array.from(
    { length: Math.max(saved.length, usual.length) },
    (_, place) => saved[place] ?? usual[place] ?? null,
  );
}

function isList(values: NonNullable<WorkflowNode["widgets_values"]>): values is readonly Json[] {
  return Array.isArray(values);
}
