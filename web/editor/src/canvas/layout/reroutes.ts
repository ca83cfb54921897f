/** The bends of links that are no nodes. */

import { isObject } from "../../document/json";
import type { Graph, Reroute } from "../../document/workflow";
import { pair } from "../../document/workflow";
import type { Point } from "../../state/canvas";

export interface Bend {
  readonly id: number;
  readonly at: Point;
  /** The one before it, on the way from the output. */
  readonly parent: number | null;
}

/** Bends by their ids, wherever the file keeps them. */
export function bendsOf(graph: Graph): ReadonlyMap<number, Bend> {
  const listed = graph.reroutes ?? graph.extra?.["reroutes"];
  const bends = new Map<number, Bend>();
  if (!Array.isArray(listed)) return bends;
  for (const one of listed as readonly Reroute[]) {
    if (!isObject(one) || typeof one["id"] !== "number") continue;
    const [x, y] = pair((one as unknown as Reroute).pos);
    const parent = one["parentId"];
    bends.set(one["id"], { id: one["id"], at: { x, y }, parent: typeof parent === "number" ? parent : null });
  }
  return bends;
}

/** The bends of a link from its output to its input. */
export function bendsTo(bends: ReadonlyMap<number, Bend>, last: number | null): Bend[] {
  const way: Bend[] = [];
  for (let id = last; id !== null; ) {
    const bend = bends.get(id);
    if (!bend || way.includes(bend)) break; // Files may hold circles.
    way.unshift(bend);
    id = bend.parent;
  }
  return way;
}
