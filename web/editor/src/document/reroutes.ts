/** The bends of links, whichever way a file keeps them. */

import { isObject } from "./json";
import type { Link } from "./links";
import { indexOf } from "./links";
import type { Graph, Reroute } from "./workflow";
import { pair } from "./workflow";

/** A bend, read. */
export interface Bend {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  /** The bend before it, nearer to the start. */
  readonly parent: number | null;
  /** The links that go through it. */
  readonly links: readonly number[];
}

/** The bends of a graph by id; kept for as long as the graph is. */
export function bendsOf(graph: Graph): ReadonlyMap<number, Bend> {
  const known = BENDS.get(graph);
  if (known) return known;
  const made = readBends(graph);
  BENDS.set(graph, made);
  return made;
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const BENDS = new WeakMap<Graph, ReadonlyMap<number, Bend>>();

function readBends(graph: Graph): ReadonlyMap<number, Bend> {
  const written = graph.reroutes ?? graph.extra?.["reroutes"];
  const bends = new Map<number, Bend>();
  if (!Array.isArray(written)) return bends;
  for (const reroute of written as readonly unknown[]) {
    if (!isObject(reroute) || typeof reroute["id"] !== "number") continue;
    const { id, pos, parentId } = reroute as unknown as Reroute;
    const [x, y] = pair(pos);
    bends.set(id, { id, x, y, parent: parentId ?? null, links: [] });
  }
  for (const link of indexOf(graph).links.values()) {
    for (const bend of along(bends, link)) bends.set(bend.id, { ...bend, links: [...bend.links, link.id] });
  }
  return bends;
}

/** The bends of a link, from its start to its target. */
export function bendsAlong(graph: Graph, link: Link): readonly Bend[] {
  return along(bendsOf(graph), link);
}

function along(bends: ReadonlyMap<number, Bend>, link: Link): readonly Bend[] {
  const found: Bend[] = [];
  const passed = new Set<number>();
  for (let id = link.reroute; id !== null && !passed.has(id);) {
    passed.add(id);
    const bend = bends.get(id);
    if (!bend) break;
    found.push(bend);
    id = bend.parent;
  }
  return found.reverse();
}
