/** Taking a subgraph apart: its nodes take the place of an instance. */

import { current } from "immer";
import { copy } from "../clipboard";
import type { GraphDraft, Recipe, WorkflowDraft } from "../edit";
import { type Box, leastSize } from "../geometry";
import type { Json } from "../json";
import { indexOf, type Link } from "../links";
import { schemaOf } from "../node_schema";
import type { Catalogue } from "../schema";
import { widgetsOf } from "../widgets";
import type { Graph, NodeId, SubgraphDefinition, Workflow, WorkflowNode } from "../workflow";
import { definitionOf, INPUT_NODE, keyOf, Mode, OUTPUT_NODE, pair } from "../workflow";
import { connect, type End } from "./links";
import { removeNodes } from "./nodes";
import { paste, type Pasted } from "./paste";
import { removeUnusedDefinitions } from "./subgraph_edit";
import { setWidgetValue } from "./widgets";

/** Replace an instance by the nodes inside it, with its values and links. `made` is told what came of it. */
export function unpackSubgraph(instance: NodeId, catalogue: Catalogue, made?: (pasted: Pasted) => void): Recipe {
  return (graph, workflow) => {
    const before = current(graph) as Graph;
    const whole = current(workflow) as Workflow;
    const node = indexOf(before).nodes.get(keyOf(instance));
    const definition = node && definitionOf(whole, node);
    if (!node || !definition) return;
    const nodes = definition.nodes.map((one) => one.id);
    const groups = (definition.groups ?? []).map((_, place) => place);
    const clipping = copy(whole, definition, { nodes, groups });
    let pasted: Pasted = { nodes: [], groups: [], reroutes: [] };
    paste(clipping, {
      at: cornerFor(node, definition),
      made: (what) => {
        pasted = what;
      },
    })(graph, workflow);
    const ids = new Map(nodes.map((id, place) => [keyOf(id), pasted.nodes[place] ?? id]));
    const bridges = bridgesOver(before, node, definition, ids);
    takeValues(graph, workflow, ids, { node, definition, around: { workflow: whole, graph: before, catalogue } });
    if (node.mode === Mode.never || node.mode === Mode.bypass) {
      for (const one of graph.nodes.filter((other) => pasted.nodes.includes(other.id))) one.mode = node.mode;
    }
    removeNodes([instance])(graph, workflow);
    for (const [from, to] of bridges) connect(from, to, catalogue)(graph, workflow);
    removeUnusedDefinitions()(graph, workflow);
    made?.(pasted);
  };
}

/** Where the top left of the nodes goes, so that their middle is where the instance's was. */
function cornerFor(instance: WorkflowNode, definition: SubgraphDefinition): [number, number] {
  const boxes = definition.nodes.map((node): Box => {
    const [x, y] = pair(node.pos);
    const [width, height] = pair(node.size, leastSize(node, undefined));
    return { x, y, width, height };
  });
  const width = Math.max(0, ...boxes.map((box) => box.x + box.width)) - Math.min(...boxes.map((box) => box.x));
  const height = Math.max(0, ...boxes.map((box) => box.y + box.height)) - Math.min(...boxes.map((box) => box.y));
  const [x, y] = pair(instance.pos);
  const size = pair(instance.size, [0, 0]);
  return boxes.length === 0 ? [x, y] : [x + size[0] / 2 - width / 2, y + size[1] / 2 - height / 2];
}

/** What will be linked once the instance is gone: what fed it to what its inputs fed, and so for its outputs. */
function bridgesOver(
  graph: Graph,
  instance: WorkflowNode,
  definition: SubgraphDefinition,
  ids: ReadonlyMap<string, NodeId>,
): (readonly [End, End])[] {
  const inner = [...indexOf(definition).links.values()];
  const key = keyOf(instance.id);
  const feeding = new Map((indexOf(graph).incoming.get(key) ?? []).map((link) => [link.toSlot, link]));
  const taking = indexOf(graph).outgoing.get(key) ?? [];
  const source = (link: Link): End | undefined => {
    if (link.from !== INPUT_NODE) return { node: ids.get(keyOf(link.from)) ?? link.from, slot: link.fromSlot };
    const outer = feeding.get(link.fromSlot);
    return outer && { node: outer.from, slot: outer.fromSlot };
  };
  return inner.flatMap((link) => {
    const from = source(link);
    if (!from) return [];
    if (link.to === OUTPUT_NODE) {
      const takers = taking.filter((outer) => outer.fromSlot === link.toSlot);
      return takers.map((outer) => [from, { node: outer.to, slot: outer.toSlot }] as const);
    }
    if (link.from !== INPUT_NODE) return []; // Links within were pasted with the nodes.
    return [[from, { node: ids.get(keyOf(link.to)) ?? link.to, slot: link.toSlot }] as const];
  });
}

interface Opened {
  readonly node: WorkflowNode;
  readonly definition: SubgraphDefinition;
  readonly around: { readonly workflow: Workflow; readonly graph: Graph; readonly catalogue: Catalogue };
}

/** The instance's own values go into the widgets that they stood for. */
function takeValues(
  graph: GraphDraft,
  workflow: WorkflowDraft,
  ids: ReadonlyMap<string, NodeId>,
  opened: Opened,
): void {
  const { node, definition, around } = opened;
  const values = new Map(widgetsOf(node, schemaOf(node, around)).map(({ name, value }) => [name, value]));
  const inside = indexOf(definition);
  for (const link of inside.outgoing.get(String(INPUT_NODE)) ?? []) {
    const name = definition.inputs?.[link.fromSlot]?.name;
    const inner = inside.nodes.get(keyOf(link.to));
    const widget = inner?.inputs?.[link.toSlot]?.widget?.name;
    const value: Json | undefined = name === undefined ? undefined : values.get(name);
    if (!inner || widget === undefined || value === undefined) continue;
    const schema = schemaOf(inner, { ...around, graph: definition });
    const found = widgetsOf(inner, schema).find((one) => one.name === widget);
    const id = ids.get(keyOf(inner.id));
    if (found && id !== undefined) setWidgetValue(id, widget, found.index, value, schema)(graph, workflow);
  }
}
