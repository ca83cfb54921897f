/** What is in a person's hand when a socket is pulled. */

import { indexOf, type Link } from "../../document/links";
import { keyOf } from "../../document/workflow";
import type { LooseEnd } from "../../state/canvas";
import type { Layout } from "../layout/layout";
import { outputType } from "../layout/places";

export interface Pulled {
  readonly ends: readonly LooseEnd[];
  /** Links that were taken off; they go when they are not put anywhere. */
  readonly taken: readonly Link[];
}

/**
 * Pull an output: a new link. Pull a linked input: its link comes off. With `all` pull an output's links off it.
 *
 * Null where there is no such socket.
 */
export function pull(layout: Layout, key: string, side: "in" | "out", slot: number, all: boolean): Pulled | null {
  const place = layout.places.get(key);
  if (!place) return null;
  const { node } = place;
  const { incoming, outgoing } = indexOf(layout.graph);
  if (side === "out") {
    const links = (outgoing.get(key) ?? []).filter((link) => link.fromSlot === slot);
    if (all && links.length > 0) return { ends: links.map((link) => inputEnd(layout, link)), taken: links };
    const end = { node: node.id, slot, isOutput: true, type: node.outputs?.[slot]?.type ?? "*" };
    return { ends: [{ ...end, carries: outputType(place, slot) ?? end.type }], taken: [] };
  }
  const link = (incoming.get(key) ?? []).find((one) => one.toSlot === slot);
  if (!link)
    return { ends: [{ node: node.id, slot, isOutput: false, type: node.inputs?.[slot]?.type ?? "*" }], taken: [] };
  return { ends: [{ node: link.from, slot: link.fromSlot, isOutput: true, type: link.type }], taken: [link] };
}

function inputEnd(layout: Layout, link: Link): LooseEnd {
  const type = layout.places.get(keyOf(link.to))?.node.inputs?.[link.toSlot]?.type ?? link.type;
  return { node: link.to, slot: link.toSlot, isOutput: false, type };
}
