/** From a graph to what React Flow draws. What did not change stays the same object, so that nothing is drawn anew. */

import type { Edge, Node } from "@xyflow/react";
import { Position } from "@xyflow/react";
import type { Catalogue } from "../document/schema";
import { inputPoint, nodeBox, outputPoint } from "../document/geometry";
import { indexOf } from "../document/links";
import type { Graph, WorkflowNode } from "../document/workflow";
import { keyOf } from "../document/workflow";

export interface NodeData extends Record<string, unknown> {
  readonly node: WorkflowNode;
}
export type FlowNode = Node<NodeData, "workflow">;

/** React Flow's nodes for a graph; `known` are those of the version before. */
export function flowNodes(graph: Graph, types: Catalogue, selected: ReadonlySet<string>, known: ReadonlyMap<string, FlowNode>): FlowNode[] {
  return graph.nodes.map((node) => {
    const key = keyOf(node.id);
    const before = known.get(key);
    const isSelected = selected.has(key);
    if (before && before.data.node === node && before.selected === isSelected) return before;
    return flowNode(node, types, isSelected);
  });
}

function flowNode(node: WorkflowNode, types: Catalogue, selected: boolean): FlowNode {
  const schema = types.get(node.type);
  const box = nodeBox(node, schema);
  const handle = { width: 1, height: 1 };
  return {
    id: keyOf(node.id),
    type: "workflow",
    position: { x: box.x, y: box.y },
    width: box.width,
    height: box.height,
    selected,
    data: { node },
    handles: [
      ...(node.inputs ?? []).map((_, slot) => {
        const [x, y] = inputPoint(node, schema, slot);
        return { ...handle, id: `in-${slot}`, type: "target" as const, position: Position.Left, x, y };
      }),
      ...(node.outputs ?? []).map((_, slot) => {
        const [x, y] = outputPoint(node, box, slot);
        return { ...handle, id: `out-${slot}`, type: "source" as const, position: Position.Right, x, y };
      }),
    ],
  };
}

/** React Flow's edges for the links of a graph. */
export function flowEdges(graph: Graph): Edge[] {
  return [...indexOf(graph).links.values()].map((link) => ({
    id: String(link.id),
    source: keyOf(link.from),
    target: keyOf(link.to),
    sourceHandle: `out-${link.fromSlot}`,
    targetHandle: `in-${link.toSlot}`,
    data: { type: link.type },
  }));
}
