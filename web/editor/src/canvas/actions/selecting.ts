/** Selecting and deleting. */

import type { Action } from "../../actions/action";
import { removeGroups } from "../../document/commands/groups";
import { disconnect } from "../../document/commands/links";
import { removeNodes } from "../../document/commands/nodes";
import { removeReroutes } from "../../document/commands/reroutes";
import { unlistWidgets } from "../../document/commands/subgraph_shown";
import { inTurn } from "../../document/edit";
import { NOTHING } from "../../state/documents";
import { hasAny, hasGraph, withHere } from "./here";

export const SELECTING: readonly Action[] = [
  {
    id: "canvas.delete",
    title: "canvas.delete",
    keys: ["Delete", "Backspace"],
    when: hasAny,
    run: withHere((studio, { selection, ids }) => {
      const recipe = inTurn(
        disconnect([...selection.links]),
        removeNodes(ids),
        unlistWidgets((node) => selection.nodes.has(node)),
        removeReroutes([...selection.reroutes]),
        removeGroups([...selection.groups]),
      );
      studio.documents.edit("edit.remove", recipe);
      studio.documents.select(NOTHING);
    }),
  },
  {
    id: "canvas.selectAll",
    title: "canvas.selectAll",
    keys: ["Ctrl+A"],
    onCanvas: true,
    when: hasGraph,
    run: withHere((studio, { layout, graph }) => {
      const groups = new Set((graph.groups ?? []).keys());
      studio.documents.select({ nodes: new Set(layout.places.keys()), groups, reroutes: new Set(layout.bends.keys()) });
    }),
  },
  {
    id: "canvas.selectNothing",
    title: "canvas.selectNothing",
    when: hasAny,
    run: (studio) => studio.documents.select(NOTHING),
  },
];
