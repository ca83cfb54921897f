/** What moves when something is dragged: the selection, and what lies in selected groups. */

import { contentsOf } from "../../document/groups";
import { keyOf } from "../../document/workflow";
import type { Studio } from "../../state/studio";
import type { Layout } from "../layout/layout";
import { selectionOf } from "../selecting";
import type { Moved } from "./move_recipe";

/** All that is selected and not pinned. */
export function movedSelection(studio: Studio, layout: Layout | null): Moved {
  const { nodes, groups, reroutes } = selectionOf(studio);
  if (!layout) return { nodes, groups, bends: reroutes };
  const moved = { nodes: new Set(nodes), groups: new Set(groups), bends: new Set(reroutes) };
  for (const index of groups) {
    const contents = contentsOf(index, layout.around);
    for (const node of contents.nodes) moved.nodes.add(keyOf(node.id));
    for (const id of contents.reroutes) moved.bends.add(id);
    for (const inner of contents.groups) moved.groups.add(inner);
  }
  for (const node of layout.graph.nodes) if (node.flags?.pinned) moved.nodes.delete(keyOf(node.id));
  return moved;
}
