/** Where files keep the bends of links: version 1 in `reroutes`, version 0.4 in `extra`, beside the links. */

import type { Draft } from "immer";
import { type GraphDraft, scan, type WorkflowDraft } from "../edit";
import { isObject } from "../json";
import { readLink } from "../links";
import type { RawLink, Reroute } from "../workflow";

/** A link's end at a reroute, in version 0.4. */
interface LinkExtension {
  id: number;
  parentId: number;
}

/** Whether a graph writes its links as objects: subgraphs and version 1 do. */
export function hasLinkObjects(graph: GraphDraft, workflow: WorkflowDraft): boolean {
  return graph !== workflow || workflow.version === 1;
}

/** The reroutes of a graph, wherever it keeps them; they can be changed. */
export function reroutesIn(graph: GraphDraft): Draft<Reroute>[] {
  if (Array.isArray(graph.reroutes)) return graph.reroutes;
  const written = graph.extra?.["reroutes"];
  return Array.isArray(written) ? (written as Draft<Reroute>[]) : [];
}

/** Put a reroute into a graph. */
export function pushReroute(graph: GraphDraft, workflow: WorkflowDraft, reroute: Draft<Reroute>): void {
  if (reroutesIn(graph).length > 0 || Array.isArray(graph.reroutes)) reroutesIn(graph).push(reroute);
  else if (hasLinkObjects(graph, workflow)) graph.reroutes = [reroute];
  else graph.extra = { ...graph.extra, reroutes: [reroute] };
}

/** Keep the reroutes that a test picks; a list that becomes empty goes. */
export function keepReroutes(graph: GraphDraft, test: (reroute: Reroute) => boolean): void {
  const kept = reroutesIn(graph).filter((reroute) => test(reroute as Reroute));
  if (Array.isArray(graph.reroutes)) graph.reroutes = kept;
  else if (graph.extra && kept.length > 0) graph.extra["reroutes"] = kept;
  else if (graph.extra) delete graph.extra["reroutes"];
}

/** Say at which reroute a link ends; null: at none. */
export function setParent(graph: GraphDraft, link: number, parent: number | null): void {
  const raw = graph.links.find((one) => isObject(one) && one["id"] === link) as Draft<RawLink> | undefined;
  if (isObject(raw)) {
    if (parent === null) delete raw["parentId"];
    else raw["parentId"] = parent;
    return;
  }
  const others = extensionsOf(graph).filter((one) => one.id !== link);
  const all = parent === null ? others : [...others, { id: link, parentId: parent }];
  if (all.length > 0) graph.extra = { ...graph.extra, linkExtensions: all };
  else if (graph.extra && "linkExtensions" in graph.extra) delete graph.extra["linkExtensions"];
}

/** At which reroute each link ends, by the link's id; straight links are not in it. */
export function parentsOf(graph: GraphDraft): ReadonlyMap<number, number> {
  const parents = new Map(extensionsOf(graph).map(({ id, parentId }) => [id, parentId]));
  scan(graph.links, (raw) => {
    const link = readLink(raw as RawLink);
    if (link && link.reroute !== null) parents.set(link.id, link.reroute);
  });
  return parents;
}

function extensionsOf(graph: GraphDraft): LinkExtension[] {
  const written = graph.extra?.["linkExtensions"];
  return Array.isArray(written) ? (written as LinkExtension[]) : [];
}
