/** Where everything of a graph is, for drawing it and for finding what the pointer is at. */

import type { Box } from "../../document/geometry";
import { carriedIn } from "../../document/carried";
import { contentsOf, isFolded, shownGroupBox } from "../../document/groups";
import { indexOf, type Link } from "../../document/links";
import { type Around, isKnown, schemaOf } from "../../document/node_schema";
import { type Bend, bendsAlong, bendsOf } from "../../document/reroutes";
import type { Catalogue } from "../../document/schema";
import type { Graph, SlotType, SubgraphDefinition, Workflow, WorkflowNode } from "../../document/workflow";
import { definitionOf, INPUT_NODE, keyOf, OUTPUT_NODE } from "../../document/workflow";
import type { Point } from "../../state/canvas";
import { boundaryPlace, carrying, type NodePlace, outputType, placeOf } from "./places";

/** A link as it is drawn: from an output over its bends to an input. */
export interface Line {
  readonly link: Link;
  /** At least two. */
  readonly points: readonly Point[];
  readonly bends: readonly number[];
  readonly type: SlotType;
}

export interface Layout {
  readonly graph: Graph;
  readonly around: Around;
  /** Without those that folded groups hide. */
  readonly places: ReadonlyMap<string, NodePlace>;
  readonly lines: ReadonlyMap<number, Line>;
  readonly bends: ReadonlyMap<number, Bend>;
  /** What goes through each bend. */
  readonly bendTypes: ReadonlyMap<number, SlotType>;
}

/** The layout of a graph; what is as it was in `before` stays the same object. */
export function layoutOf(around: Around, before?: Layout): Layout {
  const { graph, catalogue, workflow } = around;
  const known = LAYOUTS.get(graph);
  if (known && known.catalogue === catalogue && known.definitions === workflow.definitions) return known.layout;
  const everything = placesOf(around);
  const folded = foldedIn(around);
  const places =
    folded.nodes.size === 0 ? everything : new Map([...everything].filter(([key]) => !folded.nodes.has(key)));
  const allBends = bendsOf(graph);
  const bends =
    folded.reroutes.size === 0 ? allBends : new Map([...allBends].filter(([id]) => !folded.reroutes.has(id)));
  const lines = linesOf(graph, everything, folded, before?.lines);
  const bendTypes = new Map<number, SlotType>();
  for (const line of lines.values()) for (const bend of line.bends) bendTypes.set(bend, line.type);
  const layout = { graph, around, places, bends, lines, bendTypes };
  LAYOUTS.set(graph, { catalogue, definitions: workflow.definitions, layout });
  return layout;
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const LAYOUTS = new WeakMap<Graph, Kept>();

interface Kept {
  readonly catalogue: Catalogue;
  readonly definitions: Workflow["definitions"];
  readonly layout: Layout;
}

function placesOf(around: Around): Map<string, NodePlace> {
  const { graph, workflow } = around;
  const places = new Map<string, NodePlace>();
  const carried = carriedIn(graph);
  for (const node of graph.nodes) {
    const isSubgraph = !around.catalogue.has(node.type) && definitionOf(workflow, node) !== undefined;
    const known = { schema: schemaOf(node, around), isKnown: isKnown(node, around), isSubgraph };
    const key = keyOf(node.id);
    places.set(key, carrying(placeOf(node, known), carried.get(key)));
  }
  if (isSubgraph(graph)) {
    for (const place of boundaryPlaces(graph)) places.set(place.key, place);
  }
  return places;
}

export function isSubgraph(graph: Graph): graph is SubgraphDefinition {
  return "inputNode" in graph && "outputNode" in graph;
}

/** The ends of a subgraph as nodes, so that links find them as they find others. */
function boundaryPlaces(graph: SubgraphDefinition): NodePlace[] {
  const ends = [
    { id: INPUT_NODE, at: graph.inputNode.bounding, outputs: graph.inputs ?? [] },
    { id: OUTPUT_NODE, at: graph.outputNode.bounding, inputs: graph.outputs ?? [] },
  ];
  return ends.map(({ id, at, ...slots }) => {
    const [x = 0, y = 0, width = 0] = at;
    const node = { id, type: "", pos: [x, y], ...slots } as unknown as WorkflowNode;
    return boundaryPlace(node, { x, y }, Math.max(width, BOUNDARY_WIDTH));
  });
}

const BOUNDARY_WIDTH = 120;

/** What folded groups hide, and the box of the group that stands for it. */
interface Folded {
  readonly nodes: ReadonlyMap<string, Box>;
  readonly reroutes: ReadonlySet<number>;
}

function foldedIn(around: Around): Folded {
  const nodes = new Map<string, Box>();
  const reroutes = new Set<number>();
  for (const [index, group] of (around.graph.groups ?? []).entries()) {
    if (!isFolded(group)) continue;
    const contents = contentsOf(index, around);
    for (const node of contents.nodes) if (!nodes.has(keyOf(node.id))) nodes.set(keyOf(node.id), shownGroupBox(group));
    for (const id of contents.reroutes) reroutes.add(id);
  }
  return { nodes, reroutes };
}

function linesOf(
  graph: Graph,
  places: ReadonlyMap<string, NodePlace>,
  folded: Folded,
  before: ReadonlyMap<number, Line> | undefined,
): ReadonlyMap<number, Line> {
  const lines = new Map<number, Line>();
  let changed = false;
  for (const link of indexOf(graph).links.values()) {
    const ends = endsOf(link, places, folded);
    if (!ends) continue;
    const way = bendsAlong(graph, link).filter((bend) => !folded.reroutes.has(bend.id));
    const points = [ends.from, ...way, ends.to];
    const source = places.get(keyOf(link.from));
    const type = (source && outputType(source, link.fromSlot)) ?? link.type;
    const known = before?.get(link.id);
    const same = known && known.type === type && known.link.from === link.from && samePoints(known.points, points);
    if (!same) changed = true;
    lines.set(link.id, same && known.link === link ? known : { link, points, bends: way.map((bend) => bend.id), type });
  }
  return before && !changed && before.size === lines.size ? relinked(before, lines) : lines;
}

/** Where a link begins and ends; null when it is nowhere to be seen. Folded groups stand for what they hide. */
function endsOf(link: Link, places: ReadonlyMap<string, NodePlace>, folded: Folded): { from: Point; to: Point } | null {
  const [fromKey, toKey] = [keyOf(link.from), keyOf(link.to)];
  const from = places.get(fromKey)?.outputs[link.fromSlot];
  const to = places.get(toKey)?.inputs[link.toSlot];
  if (!from || !to) return null;
  const [fromGroup, toGroup] = [folded.nodes.get(fromKey), folded.nodes.get(toKey)];
  if (fromGroup && fromGroup === toGroup) return null;
  return { from: fromGroup ? sideOf(fromGroup, 1) : from, to: toGroup ? sideOf(toGroup, 0) : to };
}

function sideOf({ x, y, width, height }: Box, side: 0 | 1): Point {
  return { x: x + width * side, y: y + height / 2 };
}

/** Lines that look as before are the same map when nothing else about them changed either, so nothing is drawn anew. */
function relinked(before: ReadonlyMap<number, Line>, lines: ReadonlyMap<number, Line>): ReadonlyMap<number, Line> {
  for (const [id, line] of lines) {
    const known = before.get(id)?.link;
    const { link } = line;
    if (!known || known.to !== link.to || known.toSlot !== link.toSlot || known.fromSlot !== link.fromSlot)
      return lines;
  }
  return before;
}

function samePoints(one: readonly Point[], other: readonly Point[]): boolean {
  return (
    one.length === other.length &&
    one.every((point, place) => point.x === other[place]?.x && point.y === other[place].y)
  );
}

/** The box around boxes; null around none. */
export function around(boxes: Iterable<Box>): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    left = Math.min(left, box.x);
    top = Math.min(top, box.y);
    right = Math.max(right, box.x + box.width);
    bottom = Math.max(bottom, box.y + box.height);
  }
  return left > right ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/** Everything of a graph: nodes and groups. */
export function extentOf(layout: Layout): Box | null {
  const boxes = [...layout.places.values()].map((place) => place.box);
  for (const group of layout.graph.groups ?? []) boxes.push(shownGroupBox(group));
  return around(boxes);
}

export function overlaps(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}
