/** Finding nodes in a workflow by what stands on them. */

import { titleOf } from "./geometry";
import { type Around, schemaOf } from "./node_schema";
import type { Catalogue } from "./schema";
import { widgetsOf } from "./widgets";
import type { Graph, NodeId, Scope, Workflow, WorkflowNode } from "./workflow";
import { definitionsOf, keyOf } from "./workflow";

/** A node that was found, and why. */
export interface Found {
  readonly scope: Scope;
  readonly node: NodeId;
  readonly title: string;
  readonly type: string;
  /** What matched: the title, the type, the id, or a widget with its value. */
  readonly where: "title" | "type" | "id" | "widget";
  readonly widget?: string;
  readonly text: string;
}

/**
 * The nodes that have every word of a query in their title, type or id, or in a widget, whatever the case; titles that
 * begin with it first. In all graphs of the workflow.
 */
export function searchNodes(workflow: Workflow, query: string, catalogue: Catalogue): readonly Found[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const graphs: readonly (readonly [Scope, Graph])[] = [
    [null, workflow],
    ...definitionsOf(workflow).map((one) => [one.id, one] as const),
  ];
  const found = graphs.flatMap(([scope, graph]) => {
    const around = { workflow, graph, catalogue };
    return graph.nodes.flatMap((node) => match(scope, node, around, words) ?? []);
  });
  const rank = (one: Found): number => {
    const begins = one.where === "title" && one.title.toLowerCase().startsWith(words[0] ?? "");
    return begins ? -1 : ["title", "type", "id", "widget"].indexOf(one.where);
  };
  return found.sort((a, b) => rank(a) - rank(b));
}

function match(scope: Scope, node: WorkflowNode, around: Around, words: readonly string[]): Found | undefined {
  const schema = schemaOf(node, around);
  const title = titleOf(node, schema);
  const isIn = (text: string): boolean => words.every((word) => text.toLowerCase().includes(word));
  const found = { scope, node: node.id, title, type: node.type };
  if (isIn(title)) return { ...found, where: "title", text: title };
  if (isIn(`${node.type} ${schema.displayName} ${title}`)) return { ...found, where: "type", text: node.type };
  if (words.length === 1 && words[0]?.replace("#", "") === keyOf(node.id))
    return { ...found, where: "id", text: keyOf(node.id) };
  for (const { name, value } of widgetsOf(node, schema)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (isIn(`${name} ${text} ${title}`) && words.some((word) => `${name} ${text}`.toLowerCase().includes(word))) {
      return { ...found, where: "widget", widget: name, text };
    }
  }
  return undefined;
}
