/** The edit that a drag ends in. */

import { moveNodes } from "../../document/commands/nodes";
import { moveReroutes } from "../../document/commands/reroutes";
import { inTurn, type Recipe } from "../../document/edit";
import { keyOf } from "../../document/workflow";

/** What moves together: keys of nodes, places of groups, ids of reroute points. */
export interface Moved {
  readonly nodes: ReadonlySet<string>;
  readonly groups: ReadonlySet<number>;
  readonly bends: ReadonlySet<number>;
}

/** Move all of them by a distance. */
export function moveAll({ nodes, groups, bends }: Moved, dx: number, dy: number): Recipe {
  return inTurn(
    moveNodes([...nodes], dx, dy),
    moveEnds(nodes, dx, dy),
    moveReroutes([...bends], dx, dy),
    moveBoxes(groups, dx, dy),
  );
}

/** The boxes of groups alone: what they hold is moved by name. */
function moveBoxes(groups: ReadonlySet<number>, dx: number, dy: number): Recipe {
  return (graph) => {
    for (const place of groups) {
      const group = graph.groups?.[place];
      if (!group) continue;
      const [x, y, width, height] = group.bounding;
      group.bounding = [x + dx, y + dy, width, height];
    }
  };
}

/** The ends of a subgraph keep their places elsewhere than nodes do. */
function moveEnds(nodes: ReadonlySet<string>, dx: number, dy: number): Recipe {
  return (graph) => {
    for (const name of ["inputNode", "outputNode"] as const) {
      const end = graph[name] as { id: number; bounding: number[] } | undefined;
      if (!end || !nodes.has(keyOf(end.id))) continue;
      const [x = 0, y = 0, ...size] = end.bounding;
      end.bounding = [x + dx, y + dy, ...size];
    }
  };
}
