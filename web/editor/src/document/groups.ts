/** Which nodes a group holds, and the box around things. */

import { type Box, nodeBox, TITLE_HEIGHT } from "./geometry";
import type { Around } from "./node_schema";
import { schemaOf } from "./node_schema";
import { bendsOf } from "./reroutes";
import type { Group, WorkflowNode } from "./workflow";
import { keyOf } from "./workflow";

/** How high a group's title is, within its box. */
export const GROUP_TITLE_HEIGHT = 34;
const MARGIN = 10;

/** What moves with a group. */
export interface GroupContents {
  readonly nodes: readonly WorkflowNode[];
  /** Places of groups that lie in it whole. */
  readonly groups: readonly number[];
  readonly reroutes: readonly number[];
}

export function groupBox(group: Group): Box {
  const [x, y, width, height] = group.bounding;
  return { x, y, width, height };
}

/** The box as it is drawn: a folded group is its title. */
export function shownGroupBox(group: Group): Box {
  const box = groupBox(group);
  return isFolded(group) ? { ...box, height: Math.min(box.height, GROUP_TITLE_HEIGHT) } : box;
}

/** Whether a group is folded: its title is seen, its nodes are not. Other editors show it open. */
export function isFolded(group: Group): boolean {
  return group.flags?.collapsed === true;
}

/** What lies in a group: nodes whose middle does, groups that do whole, and reroutes. */
export function contentsOf(place: number, around: Around): GroupContents {
  const { graph } = around;
  const group = graph.groups?.[place];
  if (!group) return { nodes: [], groups: [], reroutes: [] };
  const box = groupBox(group);
  const nodes = graph.nodes.filter((node) => {
    const { x, y, width, height } = nodeBox(node, schemaOf(node, around));
    return holds(box, x + width / 2, y + height / 2);
  });
  const groups = (graph.groups ?? []).flatMap((other, number) =>
    number !== place && encloses(box, groupBox(other), number > place) ? number : [],
  );
  const reroutes = [...bendsOf(graph).values()].filter(({ x, y }) => holds(box, x, y)).map(({ id }) => id);
  return { nodes, groups, reroutes };
}

/** The keys of nodes and the ids of reroutes that are not seen because a group around them is folded. */
export function hiddenByFolding(around: Around): { nodes: ReadonlySet<string>; reroutes: ReadonlySet<number> } {
  const nodes = new Set<string>();
  const reroutes = new Set<number>();
  (around.graph.groups ?? []).forEach((group, place) => {
    if (!isFolded(group)) return;
    const contents = contentsOf(place, around);
    for (const node of contents.nodes) nodes.add(keyOf(node.id));
    for (const id of contents.reroutes) reroutes.add(id);
  });
  return { nodes, reroutes };
}

/** The box around boxes, with a margin and room for a group's title; null around nothing. */
export function boxAround(boxes: readonly Box[]): Box | null {
  if (boxes.length === 0) return null;
  const left = least(boxes.map((box) => box.x)) - MARGIN;
  const top = least(boxes.map((box) => box.y)) - MARGIN - TITLE_HEIGHT;
  const right = -least(boxes.map((box) => -(box.x + box.width))) + MARGIN;
  const bottom = -least(boxes.map((box) => -(box.y + box.height))) + MARGIN;
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function least(values: readonly number[]): number {
  return values.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY);
}

function holds(box: Box, x: number, y: number): boolean {
  return x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height;
}

/** Of two equal boxes the later one lies within the earlier, so that neither holds itself. */
function encloses(box: Box, other: Box, orSame: boolean): boolean {
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const isWithin = other.x >= box.x && other.y >= box.y && other.x + other.width <= right;
  const isSame = other.x === box.x && other.y === box.y && other.width === box.width && other.height === box.height;
  return isWithin && other.y + other.height <= bottom && (!isSame || orSame);
}
