/** The order in which nodes are read. */

import type { Layout } from "./layout";
import type { NodePlace } from "./places";

const ROW = 160; // canvas units in which nodes count as standing in one row

/** From the top left to the bottom right: rows of nodes that begin at about the same height. */
export function readingOrder(layout: Layout): NodePlace[] {
  const rest = [...layout.places.values()].sort((one, other) => one.box.y - other.box.y);
  const order: NodePlace[] = [];
  for (let at = 0; at < rest.length;) {
    const top = rest[at]?.box.y ?? 0;
    let end = at;
    while (end < rest.length && (rest[end]?.box.y ?? 0) < top + ROW) end += 1;
    order.push(...rest.slice(at, end).sort((one, other) => one.box.x - other.box.x));
    at = end;
  }
  return order;
}
