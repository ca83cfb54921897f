/** From a layout to what React Flow draws. What did not change stays the same object, so that nothing is drawn anew. */

import type { Node } from "@xyflow/react";
import type { Layout } from "./layout/layout";
import type { NodeLook, NodePlace } from "./layout/places";

export interface NodeData extends Record<string, unknown> {
  readonly place: NodePlace;
}
export type FlowNode = Node<NodeData, NodeLook>;

/**
 * React Flow's nodes for a layout; `known` are those of before.
 *
 * @param kept which nodes are elements.
 */
export function flowNodes(
  layout: Layout,
  selected: ReadonlySet<string>,
  kept: ReadonlySet<string>,
  known: ReadonlyMap<string, FlowNode>,
): FlowNode[] {
  const nodes: FlowNode[] = [];
  for (const place of layout.places.values()) {
    if (!kept.has(place.key)) continue;
    const before = known.get(place.key);
    const isSelected = selected.has(place.key);
    const same = before && before.data.place === place && before.selected === isSelected && !before.dragging;
    nodes.push(same ? before : flowNode(place, isSelected));
  }
  return nodes;
}

const STYLE = { pointerEvents: "all" } as const; // React Flow turns it off for what it does not drag itself
const ATTRIBUTES = { "aria-roledescription": undefined };

function flowNode(place: NodePlace, selected: boolean): FlowNode {
  const { key, look, box } = place;
  const { width, height } = box;
  return {
    id: key,
    type: look,
    position: { x: box.x, y: box.y },
    width,
    height,
    measured: { width, height },
    selected,
    data: { place },
    handles: [], // sockets and links are drawn by the canvas itself
    className: "nopan",
    style: STYLE,
    domAttributes: ATTRIBUTES,
  };
}
