/** The controls on a node, and where files keep their values (API_FACTS 8.3). */

import { isDraft } from "immer";
import type { Json } from "./json";
import { type Around, guessedSchema, guessSchema, schemaOf } from "./node_schema";
import type { InputSpec, NodeSchema, WidgetHome } from "./schema";
import { type Place, placesIn, shownWidgets } from "./widget_places";
import { CONTROL_NAME, defaultOf, listedValues, readControl, savedValue, type SeedControl } from "./widget_values";
import type { WorkflowNode } from "./workflow";

export { CONTROL_NAME, defaultOf, freshValues, SEED_CONTROLS, type SeedControl, wholeValues } from "./widget_values";

/** A control of a node. */
export interface Widget {
  readonly name: string;
  /** What people call it: the name, unless the file gives another. */
  readonly label: string;
  readonly spec: InputSpec;
  /** Its place in `widgets_values`; a seed's control has the next one. */
  readonly index: number;
  readonly value: Json;
  /** A link gives the value instead. */
  readonly linked: boolean;
  /** Of seeds: what stands after the value in files. */
  readonly control: SeedControl | undefined;
  /** Nothing is known of it but its value: the node's type is unknown, and the file gives no name. */
  readonly readOnly: boolean;
  /** Of widgets that only stand for one inside a subgraph, whose value they change: where that is. */
  readonly home: WidgetHome | undefined;
}

/**
 * The widgets of a node in their order.
 *
 * `schema` is that of the node's type, undefined for types that the server does not know: notes, primitives, subgraphs,
 * and what is not installed. Those are read from the file alone, or, when `around` is given, from what they stand for.
 */
export function widgetsOf(node: WorkflowNode, schema: NodeSchema | undefined, around?: Around): readonly Widget[] {
  const actual = schema ?? (around ? schemaOf(node, around) : guessedSchema(node));
  const known = KNOWN.get(node);
  if (known && known.schema === actual) return known.widgets;
  const widgets = makeWidgets(node, actual);
  if (!isDraft(node)) KNOWN.set(node, { schema: actual, widgets });
  return widgets;
}

/** The same for a node that a recipe is at work on: nothing is kept, for it may change in place. */
export function widgetsNow(node: WorkflowNode, schema: NodeSchema | undefined): readonly Widget[] {
  return makeWidgets(node, schema ?? guessSchema(node));
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const KNOWN = new WeakMap<WorkflowNode, { readonly schema: NodeSchema; readonly widgets: readonly Widget[] }>();

function makeWidgets(node: WorkflowNode, schema: NodeSchema): readonly Widget[] {
  const places = placesIn(schema, shownWidgets(node), listedValues(node).length);
  const inputs = new Map((node.inputs ?? []).map((input) => [input.widget?.name ?? input.name, input]));
  return places.flatMap(({ kind, spec, forced }, place) => {
    if (kind !== "value" || forced) return [];
    const index = spec.inFile?.place ?? place;
    const input = inputs.get(spec.name);
    return {
      name: spec.name,
      label: input?.label ?? spec.inFile?.label ?? spec.name,
      spec,
      index,
      value: savedValue(node, spec.name, index) ?? defaultOf(spec),
      linked: input?.link != null,
      control: controlOf(node, places, place),
      readOnly: spec.inFile?.nameless === true,
      home: spec.inFile?.home,
    };
  });
}

function controlOf(node: WorkflowNode, places: readonly Place[], place: number): SeedControl | undefined {
  if (places[place + 1]?.kind !== "control") return undefined;
  return readControl(savedValue(node, CONTROL_NAME, place + 1));
}
