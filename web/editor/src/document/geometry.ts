/**
 * Where things are on the canvas, in canvas units, without asking the browser.
 *
 * `pos` of a file is the top left of a node's body; its title lies above that. Slots and widgets have the heights that
 * saved files are laid out for (a node with r rows of slots and w widgets is 20 r + 24 w + 14 high in them, 20 r + 6
 * without widgets), so that a workflow from elsewhere looks here as it did there.
 */

import { isDraft } from "immer";
import type { NodeSchema } from "./schema";
import { REROUTE } from "./virtual";
import type { WorkflowNode } from "./workflow";
import { pair } from "./workflow";
import type { Widget } from "./widgets";
import { widgetsOf } from "./widgets";

export const TITLE_HEIGHT = 30;
export const SLOT_HEIGHT = 20;
export const WIDGET_HEIGHT = 24;
/** The least that a text area gets. */
export const TEXT_HEIGHT = 54;
/** From the top of the body to the first row of slots. */
export const SLOTS_TOP = 4;
/** Between the slots, or the top of a body without, and the widgets. */
export const WIDGETS_GAP = 2;
/** Below the last widget, and below the last slot of a node without widgets. */
export const WIDGETS_BOTTOM = 8;
export const SLOTS_BOTTOM = 2;
export const LEAST_WIDTH = 140;
export const REROUTE_SIZE = [75, 26] as const;
const USUAL_WIDTH = 210;
/** Beside the title of a collapsed node, and of one that is drawn. */
const COLLAPSED_MARGIN = 60;
const LEAST_COLLAPSED = 80;
const CHARACTER_WIDTH = 7;
/** Of titles, which are bold; and what stands beside them: the fold button, and how long the node took. */
const TITLE_CHARACTER_WIDTH = 9;
const TITLE_MARGIN = 100;
/** Fresh nodes get no wider for long file names. */
const WIDEST_VALUES = 340;
const TEXT_NODE_SIZE = [400, 180] as const;
/** Below the widgets of a fresh node that shows the picture which it takes or saves. */
const PICTURE_ROOM = 220;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where the controls of a widget are; `y` from the top of the node's box, which is its title's. */
export interface WidgetRow {
  readonly widget: Widget;
  readonly y: number;
  /** Of all its lines: a seed's control and an image's upload button are a line of their own. */
  readonly height: number;
}

/** A part of a node's body from its left to its right; `y` from the top of the node's box. */
export interface Strip {
  readonly y: number;
  readonly height: number;
}

/**
 * The inputs of a node that have a row with a socket of their own; sockets of widgets sit on their widgets. An input
 * for a widget that the node does not have (its type is unknown, or changed; an upload button) gets a row only while it
 * is linked, so that its link is seen.
 */
export function socketInputs(
  node: WorkflowNode,
  schema?: NodeSchema,
): { readonly slot: number; readonly name: string }[] {
  const widgets = new Set(widgetsOf(node, schema).map((widget) => widget.name));
  return (node.inputs ?? []).flatMap((input, slot) => {
    const hasRow = !input.widget || (input.link != null && !widgets.has(input.widget.name));
    return hasRow ? [{ slot, name: input.name }] : [];
  });
}

/** Whether an input is drawn at all: it has a row, or a widget. */
export function isInputShown(node: WorkflowNode, schema: NodeSchema | undefined, slot: number): boolean {
  const input = node.inputs?.[slot];
  if (!input?.widget || input.link != null) return input !== undefined;
  return widgetsOf(node, schema).some((widget) => widget.name === input.widget?.name);
}

/** The rows of a node's widgets, from the top. Text areas share what the body has to spare. */
export function widgetRows(node: WorkflowNode, schema: NodeSchema | undefined): readonly WidgetRow[] {
  const widgets = widgetsOf(node, schema);
  const areas = widgets.filter((widget) => widget.spec.multiline).length;
  const [, least] = leastSize(node, schema);
  const spare = Math.max(0, pair(node.size, [0, least])[1] - least);
  const rows: WidgetRow[] = [];
  let y = titleHeight(node) + slotsHeight(node, schema) + WIDGETS_GAP;
  for (const widget of widgets) {
    const height = leastHeight(widget) + (widget.spec.multiline ? spare / areas : 0);
    rows.push({ widget, y, height });
    y += height;
  }
  return rows;
}

/** What is left of a node's body below its slots and widgets: room for pictures. Height 0 where there is none. */
export function bodyRest(node: WorkflowNode, schema: NodeSchema | undefined): Strip {
  const last = widgetRows(node, schema).at(-1);
  const y = last ? last.y + last.height : titleHeight(node) + slotsHeight(node, schema);
  const [, least] = leastSize(node, schema);
  const height = Math.max(least, pair(node.size, [0, least])[1]);
  const bottom = last ? WIDGETS_BOTTOM : SLOTS_BOTTOM;
  return { y, height: Math.max(0, titleHeight(node) + height - bottom - y) };
}

/** The least size of a node's body that shows all of it. */
export function leastSize(node: WorkflowNode, schema: NodeSchema | undefined): [number, number] {
  const known = LEAST.get(node);
  if (known && known.schema === schema) return [LEAST_WIDTH, known.height];
  const height = leastBodyHeight(node, schema);
  if (!isDraft(node)) LEAST.set(node, { schema, height });
  return [LEAST_WIDTH, height];
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const LEAST = new WeakMap<WorkflowNode, { readonly schema: NodeSchema | undefined; readonly height: number }>();

function leastBodyHeight(node: WorkflowNode, schema: NodeSchema | undefined): number {
  const widgets = widgetsOf(node, schema);
  const slots = slotsHeight(node, schema);
  if (widgets.length === 0) return slots + SLOTS_BOTTOM;
  return slots + WIDGETS_GAP + widgets.reduce((sum, widget) => sum + leastHeight(widget), 0) + WIDGETS_BOTTOM;
}

function slotsHeight(node: WorkflowNode, schema: NodeSchema | undefined): number {
  const rows = Math.max(socketInputs(node, schema).length, node.outputs?.length ?? 0);
  return rows === 0 ? 0 : SLOTS_TOP + rows * SLOT_HEIGHT;
}

/** How high a node's title is: the old kind of reroute has none. */
export function titleHeight(node: WorkflowNode): number {
  return node.type === REROUTE ? 0 : TITLE_HEIGHT;
}

/** What stands in a node's title. */
export function titleOf(node: WorkflowNode, schema: NodeSchema | undefined): string {
  return node.title || schema?.displayName || node.type;
}

function leastHeight({ spec, control }: Widget): number {
  const first = spec.multiline ? TEXT_HEIGHT : WIDGET_HEIGHT;
  return first + (control === undefined ? 0 : WIDGET_HEIGHT) + (spec.upload ? WIDGET_HEIGHT : 0);
}

/** The size of a fresh node. */
export function freshSize(node: WorkflowNode, schema: NodeSchema): [number, number] {
  const [, height] = leastSize(node, schema);
  const longest = Math.max(0, ...schema.inputs.map((input) => input.name.length));
  const out = Math.max(0, ...schema.outputs.map((output) => output.name.length));
  const values = Math.min(WIDEST_VALUES, Math.max(0, ...widgetsOf(node, schema).map(valueWidth)));
  const width = Math.max(
    USUAL_WIDTH,
    (longest + out + 6) * CHARACTER_WIDTH,
    schema.displayName.length * TITLE_CHARACTER_WIDTH + TITLE_MARGIN,
    values,
  );
  const hasText = schema.inputs.some((input) => input.isWidget && input.multiline);
  const showsPicture = schema.isOutput && schema.inputs.some(({ type, isWidget }) => type === "IMAGE" && !isWidget);
  if (showsPicture || schema.inputs.some((input) => input.upload === "image")) return [width, height + PICTURE_ROOM];
  return hasText ? [Math.max(width, TEXT_NODE_SIZE[0]), Math.max(height, TEXT_NODE_SIZE[1])] : [width, height];
}

/** What a line with a control's name and its value takes; texts of several lines wrap instead. */
function valueWidth({ label, value, spec }: Widget): number {
  return spec.multiline ? 0 : (label.length + String(value).length + 8) * CHARACTER_WIDTH;
}

/** The box of a node, title included. Collapsed nodes are their title. */
export function nodeBox(node: WorkflowNode, schema: NodeSchema | undefined): Box {
  const [x, y] = pair(node.pos);
  const title = titleHeight(node);
  if (title === 0) return { x, y, width: REROUTE_SIZE[0], height: REROUTE_SIZE[1] };
  const least = leastSize(node, schema);
  const [width, height] = pair(node.size, [USUAL_WIDTH, least[1]]);
  const wide = Math.max(width, LEAST_WIDTH);
  if (node.flags?.collapsed) return { x, y: y - title, width: collapsedWidth(node, schema, wide), height: title };
  return { x, y: y - title, width: wide, height: title + Math.max(height, least[1]) };
}

function collapsedWidth(node: WorkflowNode, schema: NodeSchema | undefined, width: number): number {
  const text = titleOf(node, schema).length * CHARACTER_WIDTH + COLLAPSED_MARGIN;
  return Math.min(width, Math.max(text, LEAST_COLLAPSED));
}

/** The middle of an output's socket, relative to the node's box. */
export function outputPoint(node: WorkflowNode, box: Box, slot: number): [number, number] {
  if (node.flags?.collapsed) return [box.width, titleHeight(node) / 2];
  return [box.width, rowMiddle(node, slot)];
}

/** The middle of an input's socket, relative to the node's box. */
export function inputPoint(node: WorkflowNode, schema: NodeSchema | undefined, slot: number): [number, number] {
  if (node.flags?.collapsed) return [0, titleHeight(node) / 2];
  const row = socketInputs(node, schema).findIndex((input) => input.slot === slot);
  if (row >= 0) return [0, rowMiddle(node, row)];
  const name = node.inputs?.[slot]?.widget?.name;
  const found = widgetRows(node, schema).find(({ widget }) => widget.name === name);
  return [0, (found?.y ?? titleHeight(node)) + WIDGET_HEIGHT / 2];
}

function rowMiddle(node: WorkflowNode, row: number): number {
  if (node.type === REROUTE) return REROUTE_SIZE[1] / 2;
  return TITLE_HEIGHT + SLOTS_TOP + (row + 0.5) * SLOT_HEIGHT;
}
