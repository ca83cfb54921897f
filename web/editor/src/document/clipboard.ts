/**
 * Copying between tabs, browsers and other editors.
 *
 * The stock editor (measured with its version 1.58.1) keeps a selection as JSON of the form below: in the browser's
 * storage, and on the system's clipboard in an attribute of HTML, in base64 of UTF-8. Both are read and written here.
 */

import { definitionsUsed } from "./definitions";
import { leastSize } from "./geometry";
import { isObject } from "./json";
import { indexOf, type Link } from "./links";
import { parseJson } from "./parse";
import { type DocumentProblem, WorkflowError } from "./problems";
import { readWorkflow } from "./read";
import { bendsAlong, bendsOf } from "./reroutes";
import type { Catalogue } from "./schema";
import type { Graph, Group, LinkObject, NodeId, Reroute, SubgraphDefinition, Workflow, WorkflowNode } from "./workflow";
import { keyOf, pair } from "./workflow";

/** Where the stock editor keeps what was copied, in the browser's storage. */
export const STOCK_STORAGE_KEY = "litegrapheditor_clipboard";

/** What was copied. Links may begin at nodes that were not; those can be made again where the nodes are. */
export interface Clipping {
  readonly nodes: readonly WorkflowNode[];
  readonly groups: readonly Group[];
  readonly reroutes: readonly Reroute[];
  readonly links: readonly LinkObject[];
  readonly subgraphs: readonly SubgraphDefinition[];
}

/** What of a graph is meant. */
export interface Picked {
  readonly nodes: readonly NodeId[];
  /** Places in the list of groups. */
  readonly groups?: readonly number[];
}

/** A copy of a part of a graph. */
export function copy(workflow: Workflow, graph: Graph, picked: Picked): Clipping {
  const index = indexOf(graph);
  const nodes = picked.nodes.flatMap((id) => index.nodes.get(keyOf(id)) ?? []);
  const keys = new Set(nodes.map((node) => keyOf(node.id)));
  const links = [...index.links.values()].filter((link) => keys.has(keyOf(link.to)));
  const inner = links.filter((link) => keys.has(keyOf(link.from)));
  return {
    nodes,
    groups: (picked.groups ?? []).flatMap((place) => graph.groups?.[place] ?? []),
    reroutes: copiedReroutes(graph, inner),
    links: links.map(asObject),
    subgraphs: definitionsUsed(workflow, nodes),
  };
}

function copiedReroutes(graph: Graph, links: readonly Link[]): Reroute[] {
  const used = new Map<number, number[]>();
  for (const link of links) {
    for (const bend of bendsAlong(graph, link)) used.set(bend.id, [...(used.get(bend.id) ?? []), link.id]);
  }
  const bends = bendsOf(graph);
  return [...used].flatMap(([id, linkIds]) => {
    const bend = bends.get(id);
    if (!bend) return [];
    return { id, ...(bend.parent === null ? {} : { parentId: bend.parent }), pos: [bend.x, bend.y] as const, linkIds };
  });
}

function asObject(link: Link): LinkObject {
  const { id, from, fromSlot, to, toSlot, type, reroute } = link;
  const ends = { origin_id: from, origin_slot: fromSlot, target_id: to, target_slot: toSlot };
  return { id, ...ends, type, ...(reroute === null ? {} : { parentId: reroute }) };
}

/** What goes onto the clipboard as plain text, and into the browser's storage. */
export function clippingText(clipping: Clipping): string {
  return JSON.stringify({ ...clipping, nodes: clipping.nodes.map(completed) });
}

/** The stock editor pastes nothing at all when a node lacks one of these. */
function completed(node: WorkflowNode): WorkflowNode {
  const size = pair(node.size, leastSize(node, undefined));
  return {
    ...node,
    size,
    flags: node.flags ?? {},
    order: node.order ?? 0,
    mode: node.mode ?? 0,
    properties: node.properties ?? {},
  };
}

/** What goes onto the clipboard as HTML. */
export function clippingHtml(clipping: Clipping): string {
  const packed = base64(new TextEncoder().encode(clippingText(clipping)));
  return `<meta charset="utf-8"><div><span ${ATTRIBUTES[0]}="${packed}"></span></div>${FOLLOWED_BY}`;
}

/** Without this after it the stock editor does not find the attribute. */
const FOLLOWED_BY = '<span style="white-space:pre-wrap;">Text</span>';

/** The attribute of the stock editor, and that of its versions before. */
const ATTRIBUTES = ["data-comfy-metadata", "data-metadata"] as const;

/**
 * What is on the clipboard, as HTML or as a text: a selection, or a whole workflow of any kind.
 *
 * Throws a WorkflowError when it is neither.
 */
export function readClipping(
  text: string,
  catalogue: Catalogue,
): { clipping: Clipping; problems: readonly DocumentProblem[] } {
  const json = fromHtml(text) ?? text;
  if (!json.trimStart().startsWith("{")) throw new WorkflowError("clipboard_empty");
  const data = parseJson(json).value;
  const { workflow, problems } = readWorkflow(withLinks(data), catalogue);
  const clipping = wholeOf(workflow, data);
  if (clipping.nodes.length + clipping.groups.length === 0) throw new WorkflowError("clipboard_empty");
  return { clipping, problems: isClipping(data) ? [] : problems };
}

/** Whether a text on the clipboard is worth reading; anything else is for whoever has the focus. */
export function looksLikeClipping(text: string): boolean {
  return ATTRIBUTES.some((name) => text.includes(`${name}=`)) || /^\s*\{[\s\S]*"(nodes|class_type)"/.test(text);
}

function fromHtml(text: string): string | undefined {
  for (const name of ATTRIBUTES) {
    const packed = new RegExp(`${name}="([A-Za-z0-9+/=]+)"`).exec(text)?.[1];
    if (packed) return new TextDecoder().decode(Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0)));
  }
  return undefined;
}

/** Older selections name only the links within, by places: [origin place, slot, target place, slot]. */
function withLinks(data: unknown): unknown {
  if (!isObject(data) || !Array.isArray(data["nodes"]) || !Array.isArray(data["links"])) return data;
  const nodes = data["nodes"] as { id?: NodeId }[];
  if (nodes.some((node) => node.id !== undefined && node.id !== -1)) return data;
  const numbered = nodes.map((node, place) => ({ ...node, id: place + 1 }));
  const links = (data["links"] as unknown[]).flatMap((link, place) =>
    Array.isArray(link) ? [[place + 1, Number(link[0]) + 1, link[1], Number(link[2]) + 1, link[3], "*"]] : [],
  );
  return { ...data, nodes: numbered, links };
}

function isClipping(data: unknown): boolean {
  return isObject(data) && Array.isArray(data["nodes"]) && data["version"] === undefined;
}

/** The whole of a workflow as a selection; links from outside of a selection stay in it. */
function wholeOf(workflow: Workflow, data: unknown): Clipping {
  const keys = new Set(workflow.nodes.map((node) => keyOf(node.id)));
  const written =
    isClipping(data) && isObject(data) && Array.isArray(data["links"]) ? (data["links"] as unknown[]) : [];
  const outside = written.filter(
    (link): link is Record<string, unknown> => isObject(link) && !keys.has(keyOf(link["origin_id"] as NodeId)),
  );
  const { nodes, groups, reroutes, links, subgraphs } = copy(workflow, workflow, {
    nodes: workflow.nodes.map((node) => node.id),
    groups: (workflow.groups ?? []).map((_, place) => place),
  });
  const carried = isObject(data) && Array.isArray(data["subgraphs"]) ? (data["subgraphs"] as SubgraphDefinition[]) : [];
  return {
    nodes,
    groups,
    reroutes,
    links: [...links, ...(outside as unknown as LinkObject[])],
    subgraphs: [...subgraphs, ...carried.filter((one) => isObject(one) && Array.isArray(one.nodes))],
  };
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

/** As many arguments as every engine takes. */
const CHUNK = 8192;
