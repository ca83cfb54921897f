/** Commands on the bends of links (reroutes that are no nodes). */

import type { Draft } from "immer";
import type { Recipe } from "../edit";
import { type Pair, pair, type Reroute } from "../workflow";
import { findLinks } from "./find";
import { nextRerouteId } from "./ids";
import { keepReroutes, parentsOf, pushReroute, reroutesIn, setParent } from "./reroute_lists";

/**
 * Bend a link at a point. The bend comes behind the reroute `after`, null: at the link's start; by default it is the
 * last one before the target. `made` is told its id.
 */
export function addReroute(
  link: number,
  pos: readonly [number, number],
  after?: number | null,
  made?: (id: number) => void,
): Recipe {
  return (graph, workflow) => {
    if (findLinks(graph, (one) => one.id === link).length === 0) return;
    const last = parentsOf(graph).get(link) ?? null;
    const before = after === undefined ? last : after;
    const id = nextRerouteId(graph, workflow);
    const next = chain(reroutesIn(graph), last).find((reroute) => (reroute.parentId ?? null) === before);
    const linkIds = before !== last && next ? [...(next.linkIds ?? [link])] : [link];
    const pos2 = [pos[0], pos[1]] as [number, number];
    pushReroute(graph, workflow, { id, ...(before === null ? {} : { parentId: before }), pos: pos2, linkIds });
    if (before !== last && next) next.parentId = id;
    else setParent(graph, link, id);
    made?.(id);
  };
}

/** The reroutes that a link goes through, from its target back to its start. */
function chain(reroutes: readonly Draft<Reroute>[], last: number | null): Draft<Reroute>[] {
  const found: Draft<Reroute>[] = [];
  let id = last;
  while (id !== null && !found.some((reroute) => reroute.id === id)) {
    const reroute = reroutes.find((one) => one.id === id);
    if (!reroute) break;
    found.push(reroute);
    id = reroute.parentId ?? null;
  }
  return found;
}

/** Move reroutes by a distance. */
export function moveReroutes(ids: readonly number[], dx: number, dy: number): Recipe {
  const wanted = new Set(ids);
  return (graph) => {
    for (const reroute of reroutesIn(graph)) {
      if (!wanted.has(reroute.id)) continue;
      const [x, y] = pair(reroute.pos as Pair);
      reroute.pos = [x + dx, y + dy];
    }
  };
}

/** Put reroutes at points, by their ids. */
export function placeReroutes(points: ReadonlyMap<number, readonly [number, number]>): Recipe {
  return (graph) => {
    for (const reroute of reroutesIn(graph)) {
      const point = points.get(reroute.id);
      if (point) reroute.pos = [point[0], point[1]];
    }
  };
}

/** Remove reroutes; the links through them go straight. */
export function removeReroutes(ids: readonly number[]): Recipe {
  return (graph) => {
    for (const id of ids) {
      const gone = reroutesIn(graph).find((reroute) => reroute.id === id);
      if (!gone) continue;
      const before = gone.parentId ?? null;
      for (const [link, parent] of parentsOf(graph)) if (parent === id) setParent(graph, link, before);
      for (const reroute of reroutesIn(graph)) {
        if (reroute.parentId !== id) continue;
        if (before === null) delete reroute.parentId;
        else reroute.parentId = before;
      }
      keepReroutes(graph, (reroute) => reroute.id !== id);
    }
  };
}
