/** Removing nodes without tearing what goes through them. */

import { inputBehind } from "../bypass";
import type { GraphDraft, Recipe } from "../edit";
import type { Link } from "../links";
import type { WorkflowNode } from "../workflow";
import { keyOf } from "../workflow";
import { findLinks, findNode } from "./find";
import { connect, type End } from "./links";

/** The links that take the place of those through the nodes that will go, to be made when they are gone. */
export function bridged(graph: GraphDraft, gone: ReadonlySet<string>): Recipe[] {
  const leaving = findLinks(graph, (link) => gone.has(keyOf(link.from)) && !gone.has(keyOf(link.to)));
  return leaving.flatMap((link) => {
    const source = sourceBehind(graph, gone, link);
    return source ? connect(source, { node: link.to, slot: link.toSlot }) : [];
  });
}

function sourceBehind(graph: GraphDraft, gone: ReadonlySet<string>, last: Link): End | undefined {
  const passed = new Set<number>();
  let link: Link | undefined = last;
  while (link && gone.has(keyOf(link.from))) {
    if (passed.has(link.id)) return undefined;
    passed.add(link.id);
    const node = findNode(graph, link.from) as WorkflowNode | undefined;
    const slot: number | undefined = node && inputBehind(node, link.fromSlot, last.type);
    const id: number | null | undefined = slot === undefined ? null : node?.inputs?.[slot]?.link;
    link = id == null ? undefined : findLinks(graph, (one) => one.id === id)[0];
  }
  return link && { node: link.from, slot: link.fromSlot };
}
