/** Which definitions of subgraphs use which. */

import type { SubgraphDefinition, Workflow, WorkflowNode } from "./workflow";
import { definitionsOf } from "./workflow";

/** The definitions that nodes are instances of, and those that these use inside, each once. */
export function definitionsUsed(workflow: Workflow, nodes: readonly WorkflowNode[]): readonly SubgraphDefinition[] {
  const known = new Map(definitionsOf(workflow).map((one) => [one.id, one]));
  return usedAmong(known, nodes);
}

/** The same among definitions by their ids. */
export function usedAmong(
  known: ReadonlyMap<string, SubgraphDefinition>,
  nodes: readonly WorkflowNode[],
): readonly SubgraphDefinition[] {
  const found = new Set<SubgraphDefinition>();
  const waiting = [nodes];
  for (const some of waiting) {
    for (const node of some) {
      const definition = known.get(node.type);
      if (!definition || found.has(definition)) continue;
      found.add(definition);
      waiting.push(definition.nodes);
    }
  }
  return [...found];
}
