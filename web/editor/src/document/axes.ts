/** What a grid sweeps: an input of a node over values, along one axis or two. */

import type { Recipe } from "./edit";
import { isObject, type Json } from "./json";
import { type Around, schemaOf } from "./node_schema";
import { type Widget, widgetsOf } from "./widgets";
import { setWidget } from "./commands/widgets";
import type { Catalogue } from "./schema";
import { placeOf } from "./node_ids";
import { definitionOf, graphOf, keyOf, type Scope, type Workflow } from "./workflow";

export interface Axis {
  /** As the server writes it: "5:3" within a subgraph. */
  readonly node: string;
  readonly input: string;
  readonly values: readonly Json[];
}

/** A grid has at least one axis; `y` null: a single row. */
export interface Axes {
  readonly x: Axis;
  readonly y: Axis | null;
}

/** An input that can be swept. */
export interface Sweepable {
  readonly node: string;
  readonly title: string;
  readonly widget: Widget;
}

/** Every input with a control in a workflow, subgraphs included; those that a link gives the value of cannot be swept. */
export function sweepables(workflow: Workflow, catalogue: Catalogue): readonly Sweepable[] {
  return inGraph(workflow, { workflow, graph: workflow, catalogue }, "");
}

function inGraph(workflow: Workflow, around: Around, prefix: string): Sweepable[] {
  return around.graph.nodes.flatMap((node) => {
    const id = prefix + keyOf(node.id);
    const definition = definitionOf(workflow, node);
    const schema = schemaOf(node, around);
    const title = node.title ?? definition?.name ?? schema.displayName;
    const own = around.catalogue.has(node.type) ? widgetsOf(node, schema).filter((widget) => !widget.linked) : [];
    const inner =
      definition && !prefix.split(":").includes(keyOf(node.id))
        ? inGraph(workflow, { ...around, graph: definition }, `${id}:`)
        : [];
    return [...own.map((widget) => ({ node: id, title, widget })), ...inner];
  });
}

/** The axes that a workflow was saved with; null when there are none, or none that can be read. */
export function savedAxes(workflow: Workflow): Axes | null {
  const weft = workflow.extra?.["weft"];
  const grid = isObject(weft) ? weft["grid"] : undefined;
  if (!isObject(grid)) return null;
  const x = readAxis(grid["x"]);
  return x && { x, y: readAxis(grid["y"]) };
}

function readAxis(saved: unknown): Axis | null {
  if (!isObject(saved) || typeof saved["input"] !== "string" || !Array.isArray(saved["values"])) return null;
  return { node: String(saved["node"]), input: saved["input"], values: saved["values"] as Json[] };
}

/** Save axes with a workflow, so that it opens with them. */
export function saveAxes(axes: Axes): Recipe {
  return (_graph, workflow) => {
    const extra = (workflow.extra ??= {}) as Record<string, unknown>;
    const weft = isObject(extra["weft"]) ? extra["weft"] : {};
    extra["weft"] = { ...weft, grid: axes.y ? axes : { x: axes.x } };
  };
}

/** An input of a node, by the node's id as the server writes it. */
export type InputPlace = Pick<Axis, "node" | "input">;

/** Which graph an input is in, and the recipe that gives it a value; null when it is not there. */
export function setInput(
  workflow: Workflow,
  catalogue: Catalogue,
  { node: id, input }: InputPlace,
  value: Json,
): { readonly scope: Scope; readonly recipe: Recipe } | null {
  const place = placeOf(workflow, id);
  const graph = place && graphOf(workflow, place.scope);
  if (!place || !graph) return null;
  const schema = schemaOf(place.node, { workflow, graph, catalogue });
  const widget = widgetsOf(place.node, schema).find(({ name }) => name === input);
  return widget ? { scope: place.scope, recipe: setWidget(place.node.id, widget, value, schema) } : null;
}
