/** Nodes and groups as they look from afar: blocks with a title as large as there is room for. */

import { type Box, titleHeight, titleOf } from "../../document/geometry";
import { shownGroupBox } from "../../document/groups";
import { type Group, Mode } from "../../document/workflow";
import type { NodePlace } from "../layout/places";
import { type Paint, typeColour } from "../links/colours";
import { bodyTint, titleTint } from "./tints";

const LEGIBLE = 7; // pixels below which a title is not written
const WANTED = 10; // pixels that a title has where there is room

/** Draw a node's block where `box` says, in canvas units. */
export function paintBlock(
  context: CanvasRenderingContext2D,
  paint: Paint,
  place: NodePlace,
  box: Box,
  zoom: number,
): void {
  const { node } = place;
  const isOff = node.mode === Mode.never;
  const title = titleHeight(node);
  context.globalAlpha = isOff ? 0.4 : 1;
  context.fillStyle = paint.of(bodyOf(place));
  context.fillRect(box.x, box.y, box.width, box.height);
  if (title > 0) {
    context.fillStyle = paint.of(headOf(place));
    context.fillRect(box.x, box.y, box.width, title);
    write(context, paint, titleOf(node, place.schema), { ...box, y: box.y + title, height: box.height - title }, zoom);
  }
  context.globalAlpha = 1;
}

function bodyOf({ node, isKnown, look }: NodePlace): string {
  if (look === "reroute") return typeColour(node.outputs?.[0]?.type ?? "*");
  if (!isKnown) return "var(--bad-surface)";
  if (node.mode === Mode.bypass) return "color-mix(in oklab, var(--bypass) 30%, var(--node))";
  return bodyTint(node);
}

function headOf({ node }: NodePlace): string {
  return node.mode === Mode.bypass ? "color-mix(in oklab, var(--bypass) 55%, var(--node))" : titleTint(node);
}

/** Over the body, where there is most room; a title bar would be two pixels high. */
function write(context: CanvasRenderingContext2D, paint: Paint, text: string, room: Box, zoom: number): void {
  const size = Math.min(WANTED / zoom, room.height * 0.8);
  if (size * zoom < LEGIBLE || room.width * zoom < 24) return;
  context.font = `600 ${size}px ${paint.font}`;
  context.fillStyle = paint.of("var(--text)");
  context.textBaseline = "top";
  context.fillText(fitted(text, room.width - size, size), room.x + size * 0.5, room.y + size * 0.3);
}

const LETTER = 0.58; // of the font's size, on average

/** Measuring texts is dear, and this is for orientation alone. */
function fitted(text: string, width: number, size: number): string {
  const letters = Math.floor(width / (size * LETTER));
  return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`;
}

/** Draw a group's area and title. */
export function paintGroup(context: CanvasRenderingContext2D, paint: Paint, group: Group, zoom: number): void {
  const { x, y, width, height } = shownGroupBox(group);
  const colour = paint.of(titleTint(group));
  context.fillStyle = colour;
  context.globalAlpha = 0.3;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 0.9;
  context.lineWidth = 1 / zoom;
  context.strokeStyle = colour;
  context.strokeRect(x, y, width, height);
  context.globalAlpha = 1;
  write(context, paint, group.title, { x, y, width, height: height / 4 }, zoom);
}
