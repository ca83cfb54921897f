/** Commands on the values of widgets. */

import type { Draft } from "immer";
import { graphDraft, type GraphDraft, type Recipe, type WorkflowDraft } from "../edit";
import type { Json } from "../json";
import type { NodeSchema } from "../schema";
import { CONTROL_NAME, type SeedControl, type Widget, wholeValues } from "../widgets";
import type { Graph, NodeId, Workflow, WorkflowNode } from "../workflow";
import { definitionOf } from "../workflow";
import { findNode } from "./find";
import { innerValues } from "./subgraph_slots";

/**
 * Set the value of a widget, wherever it is kept: on the node, or inside the subgraph that it stands for.
 *
 * With the node's schema, a list that is too short is filled with what the other widgets show.
 */
export function setWidget(id: NodeId, widget: Widget, value: Json, schema?: NodeSchema): Recipe {
  return (graph, workflow) => {
    const { home } = widget;
    if (!home) setWidgetValue(id, widget.name, widget.index, value, schema)(graph, workflow);
    else setWidgetValue(home.node, home.name, home.index, value)(graphDraft(workflow, home.scope), workflow);
  };
}

/** Set what becomes of a seed after queueing. */
export function setControl(id: NodeId, widget: Widget, control: SeedControl, schema?: NodeSchema): Recipe {
  return setWidgetValue(id, CONTROL_NAME, widget.index + 1, control, schema);
}

/** Set the value at a place of `widgets_values`; of nodes that keep values by name, the one of that name. */
export function setWidgetValue(id: NodeId, name: string, index: number, value: Json, schema?: NodeSchema): Recipe {
  return (graph, workflow) => {
    const node = findNode(graph, id);
    if (!node) return;
    const values = node.widgets_values ?? [];
    if (Array.isArray(values) && values.length < index && !schema) fillInstance(node, workflow);
    writeValue(node, name, index, value, schema);
  };
}

/** Give an instance of a subgraph values of its own, those that it shows. */
function fillInstance(node: Draft<WorkflowNode>, workflow: WorkflowDraft): void {
  const definition = definitionOf(workflow as Workflow, node as WorkflowNode);
  if (!definition) return;
  const inner = innerValues(definition as Graph as GraphDraft);
  const own = Array.isArray(node.widgets_values) ? [...(node.widgets_values as Json[])] : [];
  node.widgets_values = [...own, ...inner.slice(own.length)] as Draft<WorkflowNode["widgets_values"]>;
}

/** Write a value into the draft of a node. */
export function writeValue(
  node: Draft<WorkflowNode>,
  name: string,
  index: number,
  value: Json,
  schema?: NodeSchema,
): void {
  const values = node.widgets_values;
  const named = node.widgets_values_named;
  if (named != null && name in named) (named as Record<string, unknown>)[name] = value;
  if (values != null && !Array.isArray(values)) {
    (values as Record<string, unknown>)[name] = value;
    return;
  }
  if (index < 0) return;
  const list = (values ?? []).length < index ? wholeValues(node as WorkflowNode, schema) : [...(values ?? [])];
  while (list.length < index) list.push(null);
  list[index] = value as Draft<Json>;
  node.widgets_values = list as Draft<WorkflowNode["widgets_values"]>;
}
