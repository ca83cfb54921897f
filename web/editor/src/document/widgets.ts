/** The controls on a node, and where files keep their values (API_FACTS 8.3). */

import type { Json } from "./json";
import type { InputSpec, NodeSchema } from "./schema";
import type { WorkflowNode } from "./workflow";

/** What becomes of a seed when a prompt has been queued. */
export const SEED_CONTROLS = ["fixed", "increment", "decrement", "randomize"] as const;
export type SeedControl = (typeof SEED_CONTROLS)[number];

/** A control of a node. */
export interface Widget {
  readonly name: string;
  readonly spec: InputSpec;
  /** Its place in `widgets_values`. */
  readonly index: number;
  readonly value: Json;
  /** A link gives the value instead. */
  readonly linked: boolean;
  /** Of seeds: what stands after the value in files. */
  readonly control: SeedControl | undefined;
}

/** The widgets of a node in their order; empty for a type that is not known. */
export function widgetsOf(node: WorkflowNode, schema: NodeSchema | undefined): readonly Widget[] {
  if (!schema) return [];
  const linked = new Set(
    (node.inputs ?? []).filter((input) => input.link != null).map((input) => input.widget?.name ?? input.name),
  );
  const widgets: Widget[] = [];
  let index = 0;
  for (const spec of schema.inputs) {
    if (!spec.isWidget) continue;
    const value = savedValue(node, spec.name, index) ?? defaultOf(spec);
    const control = spec.controlAfterGenerate ? readControl(savedValue(node, CONTROL_NAME, index + 1)) : undefined;
    widgets.push({ name: spec.name, spec, index, value, linked: linked.has(spec.name), control });
    index += placesOf(spec);
  }
  return widgets;
}

/** How many places of `widgets_values` a widget takes: its own, and one of its seed control or upload button. */
export function placesOf(spec: InputSpec): number {
  return 1 + (spec.controlAfterGenerate ? 1 : 0) + (spec.upload ? 1 : 0);
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
  return schema.inputs
    .filter((spec) => spec.isWidget)
    .flatMap((spec) => [
      defaultOf(spec),
      ...(spec.controlAfterGenerate ? ["randomize"] : []),
      ...(spec.upload ? [spec.upload] : []),
    ]);
}

const CONTROL_NAME = "control_after_generate";

function savedValue(node: WorkflowNode, name: string, index: number): Json | undefined {
  const values = node.widgets_values;
  if (values == null) return undefined;
  if (isList(values)) return values[index];
  return values[name];
}

function readControl(value: Json | undefined): SeedControl {
  return SEED_CONTROLS.find((control) => control === value) ?? "fixed";
}

function isList(values: NonNullable<WorkflowNode["widgets_values"]>): values is readonly Json[] {
  return Array.isArray(values);
}
