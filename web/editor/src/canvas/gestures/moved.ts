/** What moves when something is dragged: the selection, and what lies in selected groups. */

import type { Box } from "../../document/geometry";
import type { CanvasEngine } from "../engine";
import type { Layout } from "../layout/layout";
import { selectionOf } from "../selecting";
import type { Moved } from "./move_recipe";

/** All that is selected and not pinned. */
export function movedSelection(engine: CanvasEngine): Moved {
  const { nodes, groups, reroutes } = selectionOf(engine.studio);
  const { layout } = engine;
  if (!layout) return { nodes, groups, bends: reroutes };
  const moved = { nodes: new Set(nodes), groups: new Set(groups), bends: new Set(reroutes) };
  for (const index of groups) addContents(layout, index, moved);
  for (const key of moved.nodes) if (layout.places.get(key)?.node.flags?.pinned) moved.nodes.delete(key);
  return moved;
}

interface Growing {
  readonly nodes: Set<string>;
  readonly groups: Set<number>;
  readonly bends: Set<number>;
}

function addContents(layout: Layout, index: number, moved: Growing): void {
  const contents = contentsOf(layout, index);
  for (const key of contents.nodes) moved.nodes.add(key);
  for (const bend of contents.bends) moved.bends.add(bend);
  for (const inner of contents.groups) moved.groups.add(inner);
}

/** What lies in a group: nodes by their middles, groups as a whole. */
export function contentsOf(layout: Layout, index: number): Moved {
  const contents = { nodes: new Set<string>(), groups: new Set<number>(), bends: new Set<number>() };
  const outer = boxOfGroup(layout, index);
  if (!outer) return contents;
  for (const { key, box, look } of layout.places.values()) {
    if (look !== "boundary" && holds(outer, box.x + box.width / 2, box.y + box.height / 2)) contents.nodes.add(key);
  }
  for (const { id, at } of layout.bends.values()) if (holds(outer, at.x, at.y)) contents.bends.add(id);
  for (const [place] of (layout.graph.groups ?? []).entries()) {
    const inner = boxOfGroup(layout, place);
    const isWithin = inner && holds(outer, inner.x, inner.y) && holds(outer, inner.x + inner.width, inner.y + inner.height);
    if (place !== index && isWithin) contents.groups.add(place);
  }
  return contents;
}

export function boxOfGroup(layout: Layout, index: number): Box | null {
  const bounding = layout.graph.groups?.[index]?.bounding;
  if (!bounding) return null;
  const [x, y, width, height] = bounding;
  return { x, y, width, height };
}

function holds(box: Box, x: number, y: number): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}
