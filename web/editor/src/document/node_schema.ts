/** The schema of any node, also of those whose type no server knows: subgraphs, primitives, notes, missing packs. */

import type { Json } from "./json";
import { isNumeric } from "./json";
import { indexOf } from "./links";
import { promotedInputs } from "./promoted";
import type { Catalogue, InputSpec, NodeSchema } from "./schema";
import { plainInput, plainSchema } from "./schema";
import { isNote, isVirtual, PRIMITIVE } from "./virtual";
import { isControl, listedValues } from "./widget_values";
import type { Graph, SubgraphDefinition, Workflow, WorkflowNode } from "./workflow";
import { definitionOf, keyOf } from "./workflow";

/** What a node is seen in. */
export interface Around {
  readonly workflow: Workflow;
  /** The graph that holds the node. */
  readonly graph: Graph;
  readonly catalogue: Catalogue;
}

/**
 * The schema of a node: its type's, or one made of what is known. The same object as long as that does not change, so
 * it can be compared and handed on to everything that takes a schema.
 */
export function schemaOf(node: WorkflowNode, around: Around): NodeSchema {
  const declared = around.catalogue.get(node.type);
  if (declared) return declared;
  const definition = definitionOf(around.workflow, node);
  if (definition) return instanceSchema(node, definition, around);
  if (node.type === PRIMITIVE) return primitiveSchema(node, around);
  return guessedSchema(node);
}

/** The schema of a node of which there is nothing but the file: its widgets as far as the file tells them. */
export function guessedSchema(node: WorkflowNode): NodeSchema {
  return kept(node, [node], () => guessSchema(node));
}

/** The same, made anew. */
export function guessSchema(node: WorkflowNode): NodeSchema {
  return plainSchema(node.type, { inputs: guessedInputs(node), outputs: outputsOf(node) });
}

/** Whether a node's type is known: to the server, to this workflow, or to every editor. */
export function isKnown(node: WorkflowNode, around: Around): boolean {
  if (isVirtual(node.type) || around.catalogue.has(node.type)) return true;
  return definitionOf(around.workflow, node) !== undefined;
}

function instanceSchema(node: WorkflowNode, definition: SubgraphDefinition, around: Around): NodeSchema {
  return kept(node, [around.workflow.definitions, around.catalogue], () => {
    const inside = { ...around, graph: definition };
    return plainSchema(node.type, {
      displayName: definition.name,
      description: typeof definition["description"] === "string" ? definition["description"] : "",
      inputs: promotedInputs(node, definition, (inner) => schemaOf(inner, inside)),
      outputs: outputsOf(node),
    });
  });
}

/** A primitive holds the value of the widget that it is linked to, so it has that widget. */
function primitiveSchema(node: WorkflowNode, around: Around): NodeSchema {
  const { outgoing, nodes } = indexOf(around.graph);
  for (const link of outgoing.get(keyOf(node.id)) ?? []) {
    const target = nodes.get(keyOf(link.to));
    const name = target?.inputs?.[link.toSlot]?.widget?.name;
    if (!target || name === undefined) continue;
    const spec = schemaOf(target, around).inputs.find((input) => input.name === name);
    if (spec) return kept(node, [spec], () => heldSchema(node, spec));
  }
  return guessedSchema(node);
}

function heldSchema(node: WorkflowNode, spec: InputSpec): NodeSchema {
  const controlled = ["INT", "FLOAT", "COMBO"].includes(spec.type);
  const { inFile: _, ...held } = { ...spec, name: "value", controlAfterGenerate: controlled, upload: undefined };
  const input = { ...held, options: { ...spec.options, forceInput: false }, isWidget: true, optional: false };
  return plainSchema(node.type, { inputs: [input], outputs: outputsOf(node) });
}

function guessedInputs(node: WorkflowNode): InputSpec[] {
  const values = node.widgets_values;
  if (isNote(node.type)) return [plainInput("text", "STRING", { multiline: true })];
  if (values == null) return [];
  if (!Array.isArray(values)) {
    return Object.entries(values).map(([name, value]) => plainInput(name, typeOfValue(value)));
  }
  const names = guessedNames(node);
  return (values as readonly Json[]).flatMap((value, place, list) => {
    if (isControl(value) && place > 0 && isNumeric(list[place - 1])) return [];
    const name = names.get(place);
    const fields = { controlAfterGenerate: isNumeric(value) && isControl(list[place + 1]), isWidget: true };
    const shape = { multiline: typeof value === "string" && (value.includes("\n") || value.length > LONG_TEXT) };
    const inFile = { place, nameless: name === undefined && node.type !== PRIMITIVE };
    return plainInput(name ?? (place === 0 ? "value" : `value ${place + 1}`), typeOfValue(value), {
      ...fields,
      ...shape,
      inFile,
    });
  });
}

const LONG_TEXT = 60;

/** Names for values by place: those of the inputs for widgets, where their number fits that of the values. */
function guessedNames(node: WorkflowNode): ReadonlyMap<number, string> {
  const values = listedValues(node);
  const names = (node.inputs ?? []).flatMap((input) => input.widget?.name ?? []);
  const places = values.flatMap((value, place) =>
    names.length < values.length && isControl(value) && isNumeric(values[place - 1]) ? [] : place,
  );
  const fitting = places.length === names.length ? places : [];
  return new Map(fitting.map((place, number) => [place, names[number] ?? ""]));
}

function typeOfValue(value: Json): string {
  if (typeof value === "boolean") return "BOOLEAN";
  if (typeof value === "number") return Number.isInteger(value) ? "INT" : "FLOAT";
  return "STRING";
}

function outputsOf(node: WorkflowNode): NodeSchema["outputs"] {
  return (node.outputs ?? []).map(({ name, type }) => ({
    name,
    type: String(type),
    isList: false,
    tooltip: undefined,
  }));
}

/** The schema that was made for a node before, if it depends on the same objects. */
function kept(node: WorkflowNode, on: readonly unknown[], make: () => NodeSchema): NodeSchema {
  const known = KEPT.get(node);
  if (known && known.on.length === on.length && known.on.every((one, place) => one === on[place])) return known.schema;
  const schema = make();
  KEPT.set(node, { on, schema });
  return schema;
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const KEPT = new WeakMap<WorkflowNode, { readonly on: readonly unknown[]; readonly schema: NodeSchema }>();
