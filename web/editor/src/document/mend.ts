/**
 * Putting up with broken files: what would make the editor stumble is set right and told; everything else stays as it
 * is, to the last unknown field.
 */

import { isObject } from "./json";
import { isLinkWhole, readLink } from "./links";
import { type DocumentProblem, problem } from "./problems";
import type { Graph, RawLink, Scope, SubgraphDefinition, Workflow, WorkflowNode } from "./workflow";
import { FARTHEST, keyOf } from "./workflow";

type Fields = Record<string, unknown>;

/** A parsed UI workflow, the same object where nothing is wrong with it. */
export function mended(data: Fields, problems: DocumentProblem[]): Workflow {
  const definitions = mendedDefinitions(data["definitions"], problems);
  const whole = definitions === data["definitions"] ? data : { ...data, definitions };
  return mendedGraph(whole, null, problems) as unknown as Workflow;
}

function mendedDefinitions(written: unknown, problems: DocumentProblem[]): unknown {
  if (!isObject(written) || !("subgraphs" in written)) return written;
  const list = Array.isArray(written["subgraphs"]) ? (written["subgraphs"] as unknown[]) : [];
  const sound = list.filter((one) => isObject(one) && typeof one["id"] === "string" && Array.isArray(one["nodes"]));
  const lost = list.length - sound.length;
  if (lost > 0) problems.push(problem("subgraph_mended", { count: lost }, null));
  const subgraphs = (sound as Fields[]).map((one) => mendedDefinition(one, problems));
  const same = subgraphs.length === list.length && subgraphs.every((one, place) => one === list[place]);
  return same && list === written["subgraphs"] ? written : { ...written, subgraphs };
}

function mendedDefinition(written: Fields, problems: DocumentProblem[]): Fields {
  const scope = String(written["id"]);
  const definitions = mendedDefinitions(written["definitions"], problems);
  let whole = definitions === written["definitions"] ? written : { ...written, definitions };
  if (typeof whole["name"] !== "string") whole = { ...whole, name: scope };
  if (!isObject(whole["inputNode"])) whole = { ...whole, inputNode: { id: -10, bounding: [-200, 0, 120, 60] } };
  if (!isObject(whole["outputNode"])) whole = { ...whole, outputNode: { id: -20, bounding: [800, 0, 120, 60] } };
  return mendedGraph(whole, scope, problems);
}

function mendedGraph(written: Fields, scope: Scope, problems: DocumentProblem[]): Fields {
  const change: Fields = {};
  const nodes = mendedNodes(written["nodes"] as unknown[], scope, problems);
  if (nodes !== written["nodes"]) change["nodes"] = nodes;
  const links = mendedLinks(written["links"], scope, problems);
  if (links !== written["links"]) change["links"] = links;
  if ("groups" in written) {
    const groups = mendedGroups(written["groups"], scope, problems);
    if (groups !== written["groups"]) change["groups"] = groups;
  }
  const graph = Object.keys(change).length === 0 ? written : { ...written, ...change };
  checkLinks(graph as unknown as Graph, scope, problems);
  return graph;
}

function mendedNodes(list: readonly unknown[], scope: Scope, problems: DocumentProblem[]): readonly unknown[] {
  const sound = list.filter((node): node is Fields => isObject(node) && typeof node["type"] === "string");
  const lost = list.length - sound.length;
  if (lost > 0) problems.push(problem("node_unreadable", { count: lost }, scope));
  const taken = new Set<string>();
  let last = largestId(sound);
  const nodes = sound.map((node) => {
    const type = String(node["type"]);
    const id = node["id"];
    let whole = mendedFields(node, scope, problems);
    if (typeof id !== "number" && typeof id !== "string") {
      last += 1;
      problems.push(problem("node_without_id", { type, id: last }, scope, last));
      whole = { ...whole, id: last };
    } else if (taken.has(keyOf(id))) {
      last += 1;
      problems.push(problem("node_id_twice", { type, id, fresh: last }, scope, last));
      whole = { ...whole, id: last };
    }
    taken.add(String(whole["id"]));
    return whole;
  });
  return lost === 0 && nodes.every((node, place) => node === list[place]) ? list : nodes;
}

function largestId(nodes: readonly Fields[]): number {
  return nodes.reduce(
    (largest, { id }) => (Number.isSafeInteger(Number(id)) ? Math.max(largest, Number(id)) : largest),
    0,
  );
}

/** What each field of a node has to be, where it is there at all. */
const FIELDS: readonly (readonly [string, (value: unknown) => boolean, (value: unknown) => unknown])[] = [
  ["inputs", isListOfObjects, objectsIn],
  ["outputs", isListOfObjects, objectsIn],
  ["title", (value) => typeof value === "string", String],
  ["flags", isObject, () => ({})],
  ["properties", isObject, () => ({})],
  ["widgets_values", (value) => typeof value === "object", (value) => [value]],
];

function mendedFields(node: Fields, scope: Scope, problems: DocumentProblem[]): Fields {
  const wrong = FIELDS.filter(([name, isSound]) => node[name] != null && !isSound(node[name]));
  if (wrong.length === 0) return node;
  const fields = wrong.map(([name]) => name).join(", ");
  const id = String(node["id"]);
  problems.push(problem("node_mended", { id, type: String(node["type"]), fields }, scope, id));
  return { ...node, ...Object.fromEntries(wrong.map(([name, , mend]) => [name, mend(node[name])])) };
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject);
}

function objectsIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function mendedLinks(written: unknown, scope: Scope, problems: DocumentProblem[]): unknown {
  if (Array.isArray(written)) return written;
  if (written != null) problems.push(problem("links_mended", {}, scope));
  return isObject(written) ? Object.values(written) : [];
}

function mendedGroups(written: unknown, scope: Scope, problems: DocumentProblem[]): unknown {
  if (!Array.isArray(written)) return [];
  const sound = written.flatMap((group: unknown) => {
    if (!isObject(group)) return [];
    const bounding = boundingOf(group["bounding"]);
    if (!bounding) return [];
    return bounding === group["bounding"] && typeof group["title"] === "string"
      ? group
      : { ...group, bounding, title: String(group["title"] ?? "") };
  });
  const lost = written.length - sound.length;
  if (lost > 0) problems.push(problem("group_mended", { count: lost }, scope));
  return lost === 0 && sound.every((group, place) => group === written[place]) ? written : sound;
}

const USUAL_BOUNDING = [0, 0, 300, 200];

/** Some writers keep the four numbers in an object; those that no view can show are set right. */
function boundingOf(value: unknown): readonly unknown[] | undefined {
  const list = isObject(value) ? [value["0"], value["1"], value["2"], value["3"]] : value;
  if (!Array.isArray(list) || list.length < 4 || !list.every(Number.isFinite)) return undefined;
  const near = (list as number[]).map((value, place) => (Math.abs(value) <= FARTHEST ? value : USUAL_BOUNDING[place]));
  return near.every((value, place) => value === list[place]) ? list : near;
}

/** Tell of links that are kept but cannot be shown. */
function checkLinks(graph: Graph, scope: Scope, problems: DocumentProblem[]): void {
  const nodes = new Map<string, WorkflowNode>(graph.nodes.map((node) => [keyOf(node.id), node]));
  const seen = new Set<number>();
  let [unreadable, lost, twice] = [0, 0, 0];
  for (const raw of graph.links as readonly (RawLink | undefined)[]) {
    const link = raw == null ? null : readLink(raw);
    if (!link) unreadable += raw == null ? 0 : 1;
    else if (!isLinkWhole(link, nodes, graph as SubgraphDefinition)) lost += 1;
    if (link && seen.has(link.id)) twice += 1;
    if (link) seen.add(link.id);
  }
  if (unreadable > 0) problems.push(problem("links_unreadable", { count: unreadable }, scope));
  if (lost > 0) problems.push(problem("link_to_nowhere", { count: lost }, scope));
  if (twice > 0) problems.push(problem("link_id_twice", { count: twice }, scope));
}
