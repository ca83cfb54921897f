/** Sockets as ends of links: which there are, which fit, which is near. */

import { typesMatch } from "../../document/socket_types";
import type { End } from "../../document/commands/links";
import type { LooseEnd, Point } from "../../state/canvas";
import type { Layout } from "../layout/layout";
import type { NodePlace } from "../layout/places";

/** A socket that a loose end may be put on. */
export interface Socket extends End {
  readonly key: string;
  readonly isOutput: boolean;
  readonly at: Point;
  readonly isLinked: boolean;
  /** The socket of a subgraph's end that makes a further slot. */
  readonly isFurther: boolean;
}

/** Every socket that all of the ends fit on. */
export function fittingSockets(layout: Layout, ends: readonly LooseEnd[]): Socket[] {
  const found: Socket[] = [];
  for (const place of layout.places.values()) found.push(...fittingOn(place, ends));
  return found;
}

/** Those of one node. */
export function fittingOn(place: NodePlace, ends: readonly LooseEnd[]): Socket[] {
  const [first] = ends;
  if (!first || ends.some((end) => end.node === place.node.id)) return [];
  const isOutput = !first.isOutput;
  const points = isOutput ? place.outputs : place.inputs;
  const slots = (isOutput ? place.node.outputs : place.node.inputs) ?? [];
  const found: Socket[] = [];
  for (const [slot, socket] of slots.entries()) {
    const at = points[slot];
    if (!at || (!isOutput && place.hidden.has(slot)) || !ends.every((end) => fits(end, socket.type))) continue;
    const isLinked = "link" in socket ? socket.link != null : false;
    found.push({ node: place.node.id, slot, key: place.key, isOutput, at, isLinked, isFurther: false });
  }
  const furtherIsOutput = place.further !== null && place.further.x > place.box.x;
  if (place.further && furtherIsOutput === isOutput) {
    const further = { node: place.node.id, slot: slots.length, key: place.key, isOutput, at: place.further };
    found.push({ ...further, isLinked: false, isFurther: true });
  }
  return found;
}

function fits(end: LooseEnd, type: string | number): boolean {
  return end.isOutput ? typesMatch(end.type, type) : typesMatch(type, end.type);
}

/** The nearest of some sockets within reach. */
export function nearest(sockets: readonly Socket[], at: Point, reach: number): Socket | null {
  let least = reach;
  let found: Socket | null = null;
  for (const socket of sockets) {
    const distance = Math.hypot(socket.at.x - at.x, socket.at.y - at.y);
    if (distance < least) [least, found] = [distance, socket];
  }
  return found;
}

/** The node at a place; where several lie on each other, the last, which is drawn above. */
export function nodeAt(layout: Layout, { x, y }: Point): NodePlace | null {
  let found: NodePlace | null = null;
  for (const place of layout.places.values()) {
    const { box } = place;
    if (x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height) found = place;
  }
  return found;
}
