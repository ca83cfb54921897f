/** Which widgets of a subgraph's nodes its instances show, by whichever of the ways that files have for it. */

import type { Draft } from "immer";
import type { Recipe } from "../edit";
import type { Json } from "../json";
import { indexOf } from "../links";
import { proxyWidgets } from "../promoted";
import type { Catalogue } from "../schema";
import type { NodeId, SubgraphDefinition, Workflow, WorkflowNode } from "../workflow";
import { definitionsOf, INPUT_NODE, keyOf } from "../workflow";
import { demoteWidget, promoteWidget } from "./subgraph_edit";
import { instancesOf, isDefinition } from "./subgraph_slots";

/** The names of a node's widgets that the instances of its subgraph show. */
export function widgetsShownOutside(
  workflow: Workflow,
  definition: SubgraphDefinition,
  id: NodeId,
): ReadonlySet<string> {
  const index = indexOf(definition);
  const inputs = index.nodes.get(keyOf(id))?.inputs ?? [];
  const linked = (index.incoming.get(keyOf(id)) ?? []).filter((link) => link.from === INPUT_NODE);
  const instances = [workflow, ...definitionsOf(workflow)].flatMap((graph) =>
    graph.nodes.filter((node) => node.type === definition.id),
  );
  const listed = instances.flatMap(proxyWidgets).filter(([node]) => node === keyOf(id));
  return new Set([
    ...linked.flatMap((link) => inputs[link.toSlot]?.widget?.name ?? []),
    ...listed.map(([, name]) => name),
  ]);
}

/** Let the instances show a widget of a node inside, or show it no longer. For the graph of the definition. */
export function showOutside(id: NodeId, widget: string, shown: boolean, catalogue: Catalogue): Recipe {
  if (shown) return promoteWidget(id, widget, catalogue);
  return (graph, workflow) => {
    demoteWidget(id, widget)(graph, workflow);
    unlistWidgets((node, name) => node === keyOf(id) && name === widget)(graph, workflow);
  };
}

/** Take widgets of nodes off the lists of what instances show, with the values beside them. */
export function unlistWidgets(gone: (node: string, widget: string) => boolean): Recipe {
  return (graph, workflow) => {
    if (!isDefinition(graph, workflow)) return;
    for (const instance of instancesOf(workflow, graph.id)) {
      const entries = proxyWidgets(instance as WorkflowNode);
      const kept = entries.map(([node, widget]) => !gone(node, widget));
      if (!kept.includes(false)) continue;
      const values = instance.widgets_values;
      instance.properties = { ...instance.properties, proxyWidgets: entries.filter((_, place) => kept[place]) };
      if (!Array.isArray(values) || values.length !== entries.length) continue;
      instance.widgets_values = (values as Json[]).filter((_, place) => kept[place]) as Draft<
        WorkflowNode["widgets_values"]
      >;
      delete instance.widgets_values_named;
    }
  };
}
