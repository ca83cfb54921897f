/** What becomes of seeds once a prompt has been queued. */

import { nodeFinder } from "./commands/find";
import { writeValue } from "./commands/widgets";
import { graphDraft, type Recipe } from "./edit";
import type { Json } from "./json";
import { indexOf } from "./links";
import type { Around } from "./node_schema";
import { schemaOf } from "./node_schema";
import type { Catalogue, InputSpec, NodeSchema } from "./schema";
import { type SeedControl, type Widget, widgetsOf } from "./widgets";
import type { Graph, Scope, Workflow, WorkflowNode } from "./workflow";
import { definitionsOf, INPUT_NODE, keyOf } from "./workflow";

/** The largest whole number that is kept exactly; seeds above it would change when a file is saved. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** A value that will change. */
interface Change {
  readonly scope: Scope;
  readonly node: WorkflowNode;
  readonly schema: NodeSchema;
  readonly name: string;
  readonly index: number;
  readonly value: Json;
}

/**
 * Let every seed, and whatever else has such a control, go on as its control says: stay, count up or down, or take
 * another value at random. In all graphs, primitives included; null when nothing changes.
 *
 * `random` gives numbers from 0 up to 1, without 1. Nodes that do not take part (muted, bypassed) stay as they are.
 */
export function afterQueue(workflow: Workflow, random: () => number, catalogue: Catalogue): Recipe | null {
  const graphs: readonly (readonly [Scope, Graph])[] = [
    [null, workflow],
    ...definitionsOf(workflow).map((one) => [one.id, one] as const),
  ];
  const changes = graphs.flatMap(([scope, graph]) => changesIn(scope, { workflow, graph, catalogue }, random));
  if (changes.length === 0) return null;
  return (_, draft) => {
    for (const scope of new Set(changes.map((change) => change.scope))) {
      const find = nodeFinder(graphDraft(draft, scope));
      for (const { node, schema, name, index, value } of changes.filter((change) => change.scope === scope)) {
        const found = find(node.id);
        if (found) writeValue(found, name, index, value, schema);
      }
    }
  };
}

function changesIn(scope: Scope, around: Around, random: () => number): Change[] {
  return around.graph.nodes.flatMap((node) => {
    if (node.mode === 2 || node.mode === 4) return [];
    const schema = schemaOf(node, around);
    const own = widgetsOf(node, schema).map((widget) => ({ widget, control: widget.control }));
    const all = schema.inputs.some((spec) => spec.inFile) ? [...own, ...promotedControls(node, around)] : own;
    return all.flatMap(({ widget, control }) => {
      if (widget.linked || control === undefined || control === "fixed") return [];
      const value = goneOn(widget.spec, widget.value, control, filterOf(node, widget), random);
      if (value === widget.value) return [];
      return { scope, node, schema, name: widget.name, index: widget.index, value };
    });
  });
}

/** Widgets that an instance shows go on as the control beside the inner one says; the instance's own value counts. */
function promotedControls(node: WorkflowNode, around: Around): { widget: Widget; control: SeedControl | undefined }[] {
  const definition = definitionsOf(around.workflow).find((one) => one.id === node.type);
  if (!definition) return [];
  const inside = indexOf(definition);
  return widgetsOf(node, schemaOf(node, around)).flatMap((widget) => {
    const number = (definition.inputs ?? []).findIndex((slot) => slot.name === widget.name);
    if (widget.home || widget.index < 0 || number < 0) return [];
    for (const link of inside.outgoing.get(String(INPUT_NODE)) ?? []) {
      const inner = link.fromSlot === number ? inside.nodes.get(keyOf(link.to)) : undefined;
      const name = inner?.inputs?.[link.toSlot]?.widget?.name;
      if (!inner || name === undefined) continue;
      const found = widgetsOf(inner, schemaOf(inner, { ...around, graph: definition }));
      return { widget, control: found.find((one) => one.name === name)?.control };
    }
    return [];
  });
}

/** The filter of a choice's control, a text that stands behind it in files. */
function filterOf(node: WorkflowNode, widget: Widget): string {
  const values = node.widgets_values;
  const filter = Array.isArray(values) ? (values as Json[])[widget.index + 2] : undefined;
  return widget.spec.type === "COMBO" && typeof filter === "string" ? filter : "";
}

function goneOn(spec: InputSpec, value: Json, control: SeedControl, filter: string, random: () => number): Json {
  if (spec.type === "COMBO") return nextChoice(spec, value, control, filter, random);
  if (isDigits(value) && control !== "randomize") return nextLarge(BigInt(value), control, spec);
  if (typeof value !== "number" && !isDigits(value)) return value;
  const present = Number(value);
  const min = Math.max(spec.min ?? 0, -LARGEST);
  const max = Math.min(spec.max ?? LARGEST, LARGEST);
  const step = spec.type === "INT" ? Math.max(1, Math.round(spec.step ?? 1)) : (spec.step ?? 1);
  if (control === "increment") return Math.min(max, rounded(present + step, spec));
  if (control === "decrement") return Math.max(min, rounded(present - step, spec));
  const steps = Math.floor((max - min) / step);
  return Math.min(max, rounded(min + Math.floor(random() * (steps + 1)) * step, spec));
}

/** Whether a value is one of the whole numbers that are kept as texts of digits, being too large for a number. */
function isDigits(value: Json): value is string {
  return typeof value === "string" && /^-?\d+$/.test(value);
}

/** Counting with every digit, up to the type's limit (which JSON has rounded up where it is 2^64 - 1). */
function nextLarge(value: bigint, control: SeedControl, spec: InputSpec): Json {
  const next = control === "increment" ? value + 1n : value - 1n;
  const most = BigInt(spec.max ?? LARGEST) - (Number.isSafeInteger(spec.max) ? 0n : 1n);
  const kept = next > most ? most : next;
  return Number.isSafeInteger(Number(kept)) ? Number(kept) : String(kept);
}

/** Without the errors of adding decimal fractions. */
function rounded(value: number, spec: InputSpec): number {
  return spec.type === "INT" ? Math.trunc(value) : Number(value.toFixed(10));
}

function nextChoice(spec: InputSpec, value: Json, control: SeedControl, filter: string, random: () => number): Json {
  const choices = spec.choices.filter((choice) => String(choice).toLowerCase().includes(filter.toLowerCase()));
  if (choices.length === 0) return value;
  const at = choices.findIndex((choice) => choice === value);
  const last = choices.length - 1;
  if (control === "randomize") return choices[Math.floor(random() * choices.length)] ?? value;
  if (control === "increment") return choices[Math.min(last, at + 1)] ?? value;
  return choices[Math.max(0, at < 0 ? last : at - 1)] ?? value;
}
