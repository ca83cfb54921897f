/** `order` of nodes: the stock editor runs through them by it, so each must come after those it takes values from. */

import { indexOf } from "./links";
import type { Graph, WorkflowNode } from "./workflow";
import { keyOf } from "./workflow";

/** A graph whose nodes have valid orders; the same one where they had. Nodes of a circle come last. */
export function withOrders(graph: Graph): Graph {
  const { nodes, links } = indexOf(graph);
  const orderAt = (id: string): number | undefined => nodes.get(id)?.order;
  const isValid = [...links.values()].every((link) => {
    const [before, after] = [orderAt(keyOf(link.from)), orderAt(keyOf(link.to))];
    return before === undefined || after === undefined || before < after;
  });
  if (isValid) return graph;
  const orders = new Map(inOrder(graph).map((node, order) => [keyOf(node.id), order]));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      const order = orders.get(keyOf(node.id));
      return order === node.order ? node : { ...node, order };
    }),
  };
}

/** The nodes of a graph, each after those it takes values from, else in the order they had. */
export function inOrder(graph: Graph): readonly WorkflowNode[] {
  const { nodes, outgoing, incoming } = indexOf(graph);
  const waiting = new Map<string, number>();
  for (const key of nodes.keys()) {
    waiting.set(key, (incoming.get(key) ?? []).filter((link) => nodes.has(keyOf(link.from))).length);
  }
  const former = [...nodes.values()].sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  const ready = former.filter((node) => waiting.get(keyOf(node.id)) === 0);
  const done = new Set<WorkflowNode>();
  for (const node of ready) {
    done.add(node);
    for (const link of outgoing.get(keyOf(node.id)) ?? []) {
      const target = nodes.get(keyOf(link.to));
      const left = (waiting.get(keyOf(link.to)) ?? 0) - 1;
      waiting.set(keyOf(link.to), left);
      if (target && left === 0) ready.push(target);
    }
  }
  return [...ready, ...former.filter((node) => !done.has(node))];
}
