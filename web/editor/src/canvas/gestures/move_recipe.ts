/** The edit that a drag ends in. */

import { inTurn, type Recipe } from "../../document/edit";
import { moveNodes } from "../../document/commands/nodes";
import { keyOf, pair, type Reroute } from "../../document/workflow";

/** What moves together: keys of nodes, places of groups, ids of reroute points. */
export interface Moved {
  readonly nodes: ReadonlySet<string>;
  readonly groups: ReadonlySet<number>;
  readonly bends: ReadonlySet<number>;
}

/** Move all of them by a distance. */
export function moveAll({ nodes, groups, bends }: Moved, dx: number, dy: number): Recipe {
  return inTurn(moveNodes([...nodes], dx, dy), moveEnds(nodes, dx, dy), (graph) => {
    for (const place of groups) {
      const group = graph.groups?.[place];
      if (!group) continue;
      const [x, y, width, height] = group.bounding;
      group.bounding = [x + dx, y + dy, width, height];
    }
    const listed = (graph.reroutes ?? graph.extra?.["reroutes"] ?? []) as Reroute[];
    listed.forEach((one, place) => {
      if (!bends.has(one.id)) return;
      const [x, y] = pair(one.pos);
      listed[place] = { ...one, pos: [x + dx, y + dy] };
    });
  });
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
