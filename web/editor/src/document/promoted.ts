/**
 * Promoted widgets: controls of nodes inside a subgraph that its instances show.
 *
 * Editors have written their values in several ways: by position, one for each subgraph input that feeds a widget; or
 * beside `properties.proxyWidgets`, a list of [inner node, widget], where "-1" names an input of the subgraph. An
 * instance without values leaves those inside as they are.
 */

import { indexOf } from "./links";
import { freeName } from "./names";
import type { InFile, InputSpec, NodeSchema } from "./schema";
import { plainInput } from "./schema";
import { placesIn, shownWidgets } from "./widget_places";
import { defaultOf, listedValues, savedValue } from "./widget_values";
import type { SubgraphDefinition, WorkflowNode } from "./workflow";
import { INPUT_NODE, keyOf } from "./workflow";

type SchemaOfInner = (inner: WorkflowNode) => NodeSchema;

/** An inner node's widget. */
interface Inner {
  readonly node: WorkflowNode;
  readonly spec: InputSpec;
  readonly index: number;
}

/** The entry that names an input of the subgraph instead of an inner node. */
const OWN = "-1";

/** The inputs of an instance: sockets and promoted widgets, in the order of the subgraph's inputs. */
export function promotedInputs(
  node: WorkflowNode,
  definition: SubgraphDefinition,
  schemaOfInner: SchemaOfInner,
): InputSpec[] {
  const entries = proxyWidgets(node);
  const fed = fedWidgets(definition, schemaOfInner);
  const inputs = (definition.inputs ?? []).map((slot, number) => {
    const inner = fed.get(number);
    if (!inner) return plainInput(slot.name, String(slot.type), { isWidget: false });
    return standIn(slot.name, inner, { place: placeOf(node, number, slot.name, fed, entries) });
  });
  const taken = new Set([...fed.values()].map((inner) => `${keyOf(inner.node.id)} ${inner.spec.name}`));
  const names = inputs.map((input) => input.name);
  const others = entries.flatMap(([id, name], entry) => {
    const inner =
      id === OWN || taken.has(`${id} ${name}`) ? undefined : innerWidget(definition, id, name, schemaOfInner);
    if (!inner) return [];
    const free = freeName(name, names);
    names.push(free);
    const own = listedValues(node).length === entries.length && entries.length !== fed.size;
    const home = own ? undefined : { scope: definition.id, node: inner.node.id, name, index: inner.index };
    return standIn(free, inner, { place: own ? entry : NOWHERE, home, label: inner.node.title || name });
  });
  return [...inputs, ...others];
}

/** A place that no list has: the value is read elsewhere. */
const NOWHERE = -1;

/** `properties.proxyWidgets`; some editors saved it as JSON text. */
export function proxyWidgets(node: WorkflowNode): readonly (readonly [string, string])[] {
  let written = node.properties?.["proxyWidgets"];
  if (typeof written === "string") {
    try {
      written = JSON.parse(written);
    } catch {
      return []; // Not a list: the instance shows its inputs only.
    }
  }
  if (!Array.isArray(written)) return [];
  return written.filter(Array.isArray).map((pair) => [String(pair[0]), String(pair[1])] as const);
}

/** Which of a subgraph's inputs feed a widget, and which one first. */
function fedWidgets(definition: SubgraphDefinition, schemaOfInner: SchemaOfInner): ReadonlyMap<number, Inner> {
  const index = indexOf(definition);
  const fed = new Map<number, Inner>();
  for (const link of index.outgoing.get(String(INPUT_NODE)) ?? []) {
    const node = index.nodes.get(keyOf(link.to));
    const name = node?.inputs?.[link.toSlot]?.widget?.name;
    if (!node || name === undefined || fed.has(link.fromSlot)) continue;
    const inner = widgetOf(node, name, schemaOfInner);
    if (inner) fed.set(link.fromSlot, inner);
  }
  return new Map([...fed].sort(([a], [b]) => a - b));
}

function innerWidget(
  definition: SubgraphDefinition,
  id: string,
  name: string,
  schemaOfInner: SchemaOfInner,
): Inner | undefined {
  const node = indexOf(definition).nodes.get(id);
  return node && widgetOf(node, name, schemaOfInner);
}

function widgetOf(node: WorkflowNode, name: string, schemaOfInner: SchemaOfInner): Inner | undefined {
  const schema = schemaOfInner(node);
  const places = placesIn(schema, shownWidgets(node), listedValues(node).length);
  const place = places.findIndex(({ kind, spec }) => kind === "value" && spec.name === name);
  const spec = places[place]?.spec;
  return spec && { node, spec, index: spec.inFile?.place ?? place };
}

/** Where an instance keeps its own value for an input of the subgraph; NOWHERE when it keeps none. */
function placeOf(
  node: WorkflowNode,
  number: number,
  name: string,
  fed: ReadonlyMap<number, Inner>,
  entries: readonly (readonly [string, string])[],
): number {
  const count = listedValues(node).length;
  const own = entries.filter(([id]) => id === OWN).map(([, widget]) => widget);
  if (entries.length > 0 && count > 0 && count !== fed.size) {
    const entry = entries.findIndex(([id, widget]) => id === OWN && widget === name);
    if (count === entries.length && entry >= 0) return entry;
    return count === own.length ? own.indexOf(name) : NOWHERE;
  }
  return [...fed.keys()].indexOf(number);
}

/** The spec of a widget that stands for an inner one: without a value of its own it has that one's. */
function standIn(name: string, inner: Inner, inFile: InFile): InputSpec {
  const value = savedValue(inner.node, inner.spec.name, inner.index) ?? defaultOf(inner.spec);
  const fields = { name, default: value, optional: false, isWidget: true, controlAfterGenerate: false };
  return { ...inner.spec, ...fields, options: withoutUploads({ ...inner.spec.options, forceInput: false }), inFile };
}

/** The button of an upload has no place of its own in the values of an instance. */
function withoutUploads(options: InputSpec["options"]): InputSpec["options"] {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !name.endsWith("_upload")));
}
