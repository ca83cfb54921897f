/**
 * Where things are on the canvas, in canvas units, without asking the browser.
 *
 * `pos` of a file is the top left of a node's body; its title lies above that. Slots and widgets have fixed heights, so
 * that files laid out elsewhere look as they did there.
 */

import type { NodeSchema } from "./schema";
import type { WorkflowNode } from "./workflow";
import { pair } from "./workflow";
import { widgetsOf } from "./widgets";

export const TITLE_HEIGHT = 30;
export const SLOT_HEIGHT = 20;
export const WIDGET_HEIGHT = 24;
export const TEXT_HEIGHT = 60; // the least that a text area gets
export const PADDING = 6;
export const LEAST_WIDTH = 140;
const USUAL_WIDTH = 210;
const CHARACTER_WIDTH = 7;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The inputs of a node that have a row with a socket of their own; sockets of widgets sit on their widgets. */
export function socketInputs(node: WorkflowNode): { readonly slot: number; readonly name: string }[] {
  return (node.inputs ?? []).flatMap((input, slot) => (input.widget ? [] : [{ slot, name: input.name }]));
}

/** The least size of a node's body that shows all of it. */
export function leastSize(node: WorkflowNode, schema: NodeSchema | undefined): [number, number] {
  const rows = Math.max(socketInputs(node).length, node.outputs?.length ?? 0);
  const widgets = widgetsOf(node, schema);
  let height = PADDING + rows * SLOT_HEIGHT;
  for (const widget of widgets) {
    height += widget.spec.multiline ? TEXT_HEIGHT : WIDGET_HEIGHT;
    if (widget.control !== undefined) height += WIDGET_HEIGHT;
    if (widget.spec.upload) height += WIDGET_HEIGHT;
  }
  return [LEAST_WIDTH, height + PADDING];
}

/** The size of a fresh node. */
export function freshSize(node: WorkflowNode, schema: NodeSchema): [number, number] {
  const [, height] = leastSize(node, schema);
  const longest = Math.max(0, ...schema.inputs.map((input) => input.name.length));
  const out = Math.max(0, ...schema.outputs.map((output) => output.name.length));
  const width = Math.max(USUAL_WIDTH, (longest + out + 6) * CHARACTER_WIDTH, schema.displayName.length * 9 + 40);
  const hasText = schema.inputs.some((input) => input.isWidget && input.multiline);
  return [hasText ? Math.max(width, 400) : width, hasText ? Math.max(height, 180) : height];
}

/** The box of a node, title included. Collapsed nodes are their title. */
export function nodeBox(node: WorkflowNode, schema: NodeSchema | undefined): Box {
  const [x, y] = pair(node.pos);
  const least = leastSize(node, schema);
  const [width, height] = pair(node.size, [USUAL_WIDTH, least[1]]);
  const body = node.flags?.collapsed ? 0 : Math.max(height, least[1]);
  return { x, y: y - TITLE_HEIGHT, width: Math.max(width, LEAST_WIDTH), height: TITLE_HEIGHT + body };
}

/** The middle of an output's socket, relative to the node's box. */
export function outputPoint(node: WorkflowNode, box: Box, slot: number): [number, number] {
  if (node.flags?.collapsed) return [box.width, TITLE_HEIGHT / 2];
  return [box.width, TITLE_HEIGHT + PADDING + (slot + 0.5) * SLOT_HEIGHT];
}

/** The middle of an input's socket, relative to the node's box. */
export function inputPoint(node: WorkflowNode, schema: NodeSchema | undefined, slot: number): [number, number] {
  if (node.flags?.collapsed) return [0, TITLE_HEIGHT / 2];
  const sockets = socketInputs(node);
  const row = sockets.findIndex((input) => input.slot === slot);
  if (row >= 0) return [0, TITLE_HEIGHT + PADDING + (row + 0.5) * SLOT_HEIGHT];
  const rows = Math.max(sockets.length, node.outputs?.length ?? 0);
  let y = TITLE_HEIGHT + PADDING + rows * SLOT_HEIGHT;
  const name = node.inputs?.[slot]?.widget?.name;
  for (const widget of widgetsOf(node, schema)) {
    if (widget.name === name) break;
    y += widget.spec.multiline ? TEXT_HEIGHT : WIDGET_HEIGHT;
    if (widget.control !== undefined) y += WIDGET_HEIGHT;
    if (widget.spec.upload) y += WIDGET_HEIGHT;
  }
  return [0, y + WIDGET_HEIGHT / 2];
}
