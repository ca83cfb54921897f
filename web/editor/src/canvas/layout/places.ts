/** Where one node and its sockets are, in canvas units. Nodes are immutable, so it is worked out once for each. */

import {
  type Box,
  inputPoint,
  isInputShown,
  leastSize,
  nodeBox,
  outputPoint,
  SLOT_HEIGHT,
  TITLE_HEIGHT,
} from "../../document/geometry";
import type { Carried } from "../../document/carried";
import type { NodeSchema } from "../../document/schema";
import { REROUTE } from "../../document/virtual";
import type { SlotType, WorkflowNode } from "../../document/workflow";
import { keyOf } from "../../document/workflow";
import type { Point } from "../../state/canvas";

/** How a node is drawn. */
export type NodeLook = "node" | "reroute" | "boundary";

export interface NodePlace {
  readonly key: string;
  readonly look: NodeLook;
  readonly node: WorkflowNode;
  readonly schema: NodeSchema | undefined;
  /** False for types that neither the server nor the workflow knows. */
  readonly isKnown: boolean;
  /** A subgraph that can be entered. */
  readonly isSubgraph: boolean;
  /** Title included. */
  readonly box: Box;
  /** The middles of its sockets. */
  readonly inputs: readonly Point[];
  /** Slots of inputs that are not drawn: they stand for widgets that the node does not have. */
  readonly hidden: ReadonlySet<number>;
  readonly outputs: readonly Point[];
  /** Its socket for a further slot: of the ends of a subgraph. */
  readonly further: Point | null;
  /** What goes through its sockets, where they take anything and something is known of it. */
  readonly carried: Carried | null;
}

/** What a node is known as. */
export interface Known {
  readonly schema: NodeSchema;
  readonly isKnown: boolean;
  readonly isSubgraph: boolean;
}

/** The place of a node; the same object for the same node and schema. */
export function placeOf(node: WorkflowNode, known: Known): NodePlace {
  const before = PLACES.get(node);
  if (before && before.schema === known.schema && before.isKnown === known.isKnown) return before;
  const made = ordinaryPlace(node, known);
  PLACES.set(node, made);
  return made;
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const PLACES = new WeakMap<WorkflowNode, NodePlace>();

const NONE: ReadonlySet<number> = new Set();

function ordinaryPlace(node: WorkflowNode, known: Known): NodePlace {
  const { schema } = known;
  const box = nodeBox(node, schema);
  const at = ([x, y]: [number, number]): Point => ({ x: box.x + x, y: box.y + y });
  const hidden = (node.inputs ?? []).flatMap((_, slot) => (isInputShown(node, schema, slot) ? [] : slot));
  return {
    key: keyOf(node.id),
    look: node.type === REROUTE ? "reroute" : "node",
    node,
    ...known,
    box,
    inputs: (node.inputs ?? []).map((_, slot) => at(inputPoint(node, schema, slot))),
    hidden: hidden.length > 0 ? new Set(hidden) : NONE,
    outputs: (node.outputs ?? []).map((_, slot) => at(outputPoint(node, box, slot))),
    further: null,
    carried: null,
  };
}

/** The same place with what its sockets carry; the same object while that is the same. */
export function carrying(place: NodePlace, carried: Carried | undefined): NodePlace {
  if (!carried) return place;
  const before = CARRYING.get(place);
  if (before && String(before.carried?.inputs) === String(carried.inputs)) {
    if (String(before.carried?.outputs) === String(carried.outputs)) return before;
  }
  const made = { ...place, carried };
  CARRYING.set(place, made);
  return made;
}

/** As `PLACES`. */
const CARRYING = new WeakMap<NodePlace, NodePlace>();

/** The type of what comes out of an output, as far as it is known. */
export function outputType(place: NodePlace, slot: number): SlotType | undefined {
  return place.carried?.outputs[slot] ?? place.node.outputs?.[slot]?.type;
}

/** Where a node may be dragged smaller to. */
export function leastBody(place: NodePlace): readonly [number, number] {
  return leastSize(place.node, place.schema);
}

/** The ends of a subgraph: one row for each slot, and one for a further slot. */
export function boundaryPlace(node: WorkflowNode, corner: Point, width: number): NodePlace {
  const isInput = (node.outputs?.length ?? 0) > 0 || node.inputs === undefined;
  const slots = isInput ? (node.outputs ?? []) : (node.inputs ?? []);
  const x = isInput ? corner.x + width : corner.x;
  const row = (slot: number): Point => ({ x, y: corner.y + TITLE_HEIGHT + (slot + 0.5) * SLOT_HEIGHT + 4 });
  const points = slots.map((_, slot) => row(slot));
  return {
    key: keyOf(node.id),
    look: "boundary",
    node,
    schema: undefined,
    isKnown: true,
    isSubgraph: false,
    hidden: NONE,
    box: { x: corner.x, y: corner.y, width, height: TITLE_HEIGHT + (slots.length + 1) * SLOT_HEIGHT + 10 },
    inputs: isInput ? [] : points,
    outputs: isInput ? points : [],
    further: row(slots.length),
    carried: null,
  };
}
