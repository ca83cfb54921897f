/** Questions about graphs and node types that several parts of the editor ask. */

import { indexOf } from "./links";
import type { Around } from "./node_schema";
import { schemaOf } from "./node_schema";
import type { Catalogue, NodeSchema } from "./schema";
import { typesMatch } from "./socket_types";
import { widgetsOf } from "./widgets";
import type { Graph, NodeId, NodeInput, SlotType, Workflow, WorkflowNode } from "./workflow";
import { definitionOf, definitionsOf, Mode, keyOf } from "./workflow";

/** The node types with an input that takes what an output of this type gives; those with a socket for it first. */
export function typesThatTake(catalogue: Catalogue, type: SlotType): readonly NodeSchema[] {
  return ranked(catalogue, (schema) => {
    const fitting = schema.inputs.filter((input) => typesMatch(type, input.type));
    return fitting.length === 0
      ? null
      : rank(
          fitting.some((input) => !input.isWidget && input.type === type),
          schema,
        );
  });
}

/** The node types with an output that an input of this type takes. */
export function typesThatGive(catalogue: Catalogue, type: SlotType): readonly NodeSchema[] {
  return ranked(catalogue, (schema) => {
    const fitting = schema.outputs.filter((output) => typesMatch(output.type, type));
    return fitting.length === 0
      ? null
      : rank(
          fitting.some((output) => output.type === type),
          schema,
        );
  });
}

function rank(isExact: boolean, schema: NodeSchema): number {
  return (isExact ? 0 : 2) + (schema.deprecated || schema.experimental ? 1 : 0);
}

function ranked(catalogue: Catalogue, rankOf: (schema: NodeSchema) => number | null): readonly NodeSchema[] {
  const found: { schema: NodeSchema; rank: number }[] = [];
  for (const schema of catalogue.values()) {
    const rank = schema.devOnly ? null : rankOf(schema);
    if (rank !== null) found.push({ schema, rank });
  }
  found.sort((a, b) => a.rank - b.rank || a.schema.displayName.localeCompare(b.schema.displayName));
  return found.map(({ schema }) => schema);
}

/** The input that a dropped wire goes to: the first free socket that fits, else a free widget's, else a taken one. */
export function firstFittingInput(node: WorkflowNode, type: SlotType): number | null {
  const inputs = node.inputs ?? [];
  const fits = (input: NodeInput): boolean => typesMatch(type, input.type);
  const tests: readonly ((input: NodeInput) => boolean)[] = [
    (input) => !input.widget && input.link == null && input.type === type,
    (input) => !input.widget && input.link == null && fits(input),
    (input) => input.link == null && input.type === type,
    (input) => input.link == null && fits(input),
    fits,
  ];
  for (const test of tests) {
    const slot = inputs.findIndex(test);
    if (slot >= 0) return slot;
  }
  return null;
}

/** The output that a wire dragged from an input comes from: the first of just its type, else the first that fits. */
export function firstFittingOutput(node: WorkflowNode, type: SlotType): number | null {
  const outputs = node.outputs ?? [];
  const exact = outputs.findIndex((output) => output.type === type);
  const slot = exact >= 0 ? exact : outputs.findIndex((output) => typesMatch(output.type, type));
  return slot < 0 ? null : slot;
}

/** The keys of all nodes that a node takes values from, directly or through others; without itself. */
export function upstreamOf(graph: Graph, id: NodeId): ReadonlySet<string> {
  const { incoming, nodes } = indexOf(graph);
  return reached(id, (key) =>
    (incoming.get(key) ?? []).map((link) => keyOf(link.from)).filter((one) => nodes.has(one)),
  );
}

/** The keys of all nodes that take values from a node, directly or through others; without itself. */
export function downstreamOf(graph: Graph, id: NodeId): ReadonlySet<string> {
  const { outgoing, nodes } = indexOf(graph);
  return reached(id, (key) => (outgoing.get(key) ?? []).map((link) => keyOf(link.to)).filter((one) => nodes.has(one)));
}

function reached(start: NodeId, next: (key: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [keyOf(start)];
  for (const key of waiting) {
    for (const one of next(key)) {
      if (found.has(one)) continue;
      found.add(one);
      waiting.push(one);
    }
  }
  found.delete(keyOf(start));
  return found;
}

/** Whether a link from one node to another would close a circle, in which no node could ever run. */
export function closesCircle(graph: Graph, from: NodeId, to: NodeId): boolean {
  return keyOf(from) === keyOf(to) || downstreamOf(graph, to).has(keyOf(from));
}

/** The nodes of a graph that make it worth running: outputs, and subgraphs that hold such. */
export function outputNodes(around: Around): readonly WorkflowNode[] {
  return around.graph.nodes.filter((node) => isOutput(node, around, new Set()));
}

function isOutput(node: WorkflowNode, around: Around, within: ReadonlySet<string>): boolean {
  if (node.mode === Mode.never || node.mode === Mode.bypass || within.has(node.type)) return false;
  const definition = definitionOf(around.workflow, node);
  if (!definition) return around.catalogue.get(node.type)?.isOutput === true;
  const inside = { ...around, graph: definition };
  return definition.nodes.some((inner) => isOutput(inner, inside, new Set([...within, node.type])));
}

/** A file that a workflow names, and where. */
export interface UsedModel {
  readonly file: string;
  readonly type: string;
  readonly input: string;
  /** Keys of nodes, with the scope they are in. */
  readonly nodes: readonly { readonly scope: string | null; readonly node: NodeId }[];
}

const MODEL_FILE = /\.(safetensors|sft|ckpt|pt|pth|bin|gguf|onnx)$/i;

/** The models that the widgets of a workflow name, in all its graphs. */
export function usedModels(workflow: Workflow, catalogue: Catalogue): readonly UsedModel[] {
  const found = new Map<string, UsedModel>();
  const graphs = [{ scope: null, graph: workflow as Graph }];
  const all = [...graphs, ...definitionsOf(workflow).map((one) => ({ scope: one.id, graph: one as Graph }))];
  for (const { scope, graph } of all) {
    const around = { workflow, graph, catalogue };
    for (const node of graph.nodes) {
      for (const { name, value, linked } of widgetsOf(node, schemaOf(node, around))) {
        if (linked || typeof value !== "string" || !MODEL_FILE.test(value)) continue;
        const key = `${name} ${value}`;
        const before = found.get(key);
        const place = { scope, node: node.id };
        found.set(key, before ? { ...before, nodes: [...before.nodes, place] } : used(value, node.type, name, place));
      }
    }
  }
  return [...found.values()];
}

function used(file: string, type: string, input: string, place: UsedModel["nodes"][number]): UsedModel {
  return { file, type, input, nodes: [place] };
}
