/** Where nodes go when they are aligned, spread or arranged: places for `placeNodes`. */

import type { Recipe } from "../edit";
import { type Box, nodeBox, titleHeight } from "../geometry";
import { layered } from "../layers";
import { indexOf } from "../links";
import type { Around } from "../node_schema";
import { schemaOf } from "../node_schema";
import type { NodeId, WorkflowNode } from "../workflow";
import { INPUT_NODE, keyOf, OUTPUT_NODE } from "../workflow";
import { placeNodes } from "./nodes";

export type Alignment = "left" | "centre" | "right" | "top" | "middle" | "bottom";
export type Direction = "across" | "down";

interface Placed {
  readonly node: WorkflowNode;
  readonly box: Box;
}

/** Align nodes at the outermost of them (or at the middle of all). Pinned nodes stay. */
export function alignNodes(ids: readonly NodeId[], alignment: Alignment, around: Around): Recipe {
  const all = placedNodes(ids, around);
  const left = least(all, ({ box }) => box.x);
  const right = -least(all, ({ box }) => -(box.x + box.width));
  const top = least(all, ({ box }) => box.y);
  const bottom = -least(all, ({ box }) => -(box.y + box.height));
  return moved(all, ({ width, height, x, y }) => {
    switch (alignment) {
      case "left":
        return [left, y];
      case "centre":
        return [(left + right - width) / 2, y];
      case "right":
        return [right - width, y];
      case "top":
        return [x, top];
      case "middle":
        return [x, (top + bottom - height) / 2];
      case "bottom":
        return [x, bottom - height];
    }
  });
}

/** Spread nodes between the outermost two, so that the gaps between them are equal. */
export function distributeNodes(ids: readonly NodeId[], direction: Direction, around: Around): Recipe {
  const [at, size] = direction === "across" ? (["x", "width"] as const) : (["y", "height"] as const);
  const all = [...placedNodes(ids, around)].sort((a, b) => a.box[at] - b.box[at]);
  const [first, last] = [all[0], all.at(-1)];
  if (!first || !last || all.length < 3) return () => undefined;
  const filled = all.reduce((sum, { box }) => sum + box[size], 0);
  const gap = (last.box[at] + last.box[size] - first.box[at] - filled) / (all.length - 1);
  const places = new Map<string, number>();
  let next = first.box[at];
  for (const { node, box } of all) {
    places.set(keyOf(node.id), next);
    next += box[size] + gap;
  }
  return moved(all, (box, node) => {
    const place = places.get(keyOf(node.id)) ?? box[at];
    return direction === "across" ? [place, box.y] : [box.x, place];
  });
}

/** Lay nodes out in columns along their links, where the topmost and leftmost of them are. No ids: all of the graph. */
export function arrangeNodes(ids: readonly NodeId[], around: Around): Recipe {
  const all = placedNodes(ids.length > 0 ? ids : around.graph.nodes.map((node) => node.id), around);
  const links = [...indexOf(around.graph).links.values()]
    .filter((link) => link.from !== INPUT_NODE && link.to !== OUTPUT_NODE)
    .map((link) => [keyOf(link.from), keyOf(link.to)] as const);
  const pieces = all.map(({ node, box }) => ({ key: keyOf(node.id), width: box.width, height: box.height }));
  const places = layered(pieces, links);
  const left = least(all, ({ box }) => box.x);
  const top = least(all, ({ box }) => box.y);
  return moved(all, (box, node) => {
    const [x, y] = places.get(keyOf(node.id)) ?? [box.x - left, box.y - top];
    return [left + x, top + y];
  });
}

function placedNodes(ids: readonly NodeId[], around: Around): readonly Placed[] {
  const { nodes } = indexOf(around.graph);
  return ids.flatMap((id) => {
    const node = nodes.get(keyOf(id));
    return node && !node.flags?.pinned ? { node, box: nodeBox(node, schemaOf(node, around)) } : [];
  });
}

function least(all: readonly Placed[], measure: (placed: Placed) => number): number {
  return all.reduce((smallest, placed) => Math.min(smallest, measure(placed)), Number.POSITIVE_INFINITY);
}

/** Boxes begin with the title, files place the body below it. */
function moved(all: readonly Placed[], corner: (box: Box, node: WorkflowNode) => readonly [number, number]): Recipe {
  return placeNodes(
    new Map(
      all.map(({ node, box }) => {
        const [x, y] = corner(box, node);
        return [keyOf(node.id), [x, y + titleHeight(node)] as const];
      }),
    ),
  );
}
