/** Which gesture a press begins. */

import { flushSync } from "react-dom";
import { freshId } from "../../document/fresh_id";
import { groupBox } from "../../document/groups";
import { keyOf } from "../../document/workflow";
import { activeTab } from "../../state/documents";
import { duplicate } from "../clipboard";
import type { CanvasEngine } from "../engine";
import { pull } from "../links/loose_ends";
import { click, isSelected, press, type SelectedKind } from "../selecting";
import type { Gesture, Keys, Press } from "./gesture";
import { bend } from "../actions/links";
import { Click } from "./Click";
import { Marquee } from "./Marquee";
import { movedSelection } from "./moved";
import type { Moved } from "./move_recipe";
import { targetAt } from "./menu_target";
import { Mover } from "./Mover";
import { Resizer, resizedGroup, resizedNode } from "./Resizer";
import { Wire } from "./Wire";

const CONTROLS = "input, textarea, select, button, a, [contenteditable], .nodrag, .react-flow__panel";

/** Null leaves the press to the browser and to React Flow. */
export function pick(pressed: Press): Gesture | null {
  const { engine, target, button, keys, at } = pressed;
  if (engine.studio.ui.getState().dialog) return null;
  if (button === 1) return bending(pressed);
  if (button !== 0) return null;
  const corner = target.closest<HTMLElement>("[data-resize]");
  if (corner) return resizing(pressed, corner);
  const node = target.closest<HTMLElement>(".react-flow__node");
  if (target.closest(CONTROLS)) {
    if (node) press(engine.studio, "nodes", node.dataset["id"] ?? "", keys);
    return null;
  }
  const socket = target.closest<HTMLElement>("[data-socket]");
  if (socket && node) return wiring(pressed, socket, node);
  if (node) return moving(pressed, "nodes", node.dataset["id"] ?? "");
  const bend = target.closest<HTMLElement>("[data-bend]");
  if (bend) return moving(pressed, "reroutes", Number(bend.dataset["bend"]));
  const group = target.closest<HTMLElement>("[data-group]");
  if (group) return moving(pressed, "groups", Number(group.dataset["group"]));
  if (!target.closest(".react-flow__pane")) return null;
  const painted = engine.isNear() ? null : targetAt(engine, engine.toCanvas(at), target);
  if (painted?.kind === "node") return moving(pressed, "nodes", painted.key);
  if (painted?.kind === "group") return moving(pressed, "groups", painted.index);
  return keys.ctrl || keys.shift ? new Marquee(engine, at) : null;
}

/** The middle button bends the link under it; elsewhere it moves the view. */
function bending({ engine, at, target }: Press): Gesture | null {
  const place = engine.toCanvas(at);
  const about = target.closest(".react-flow__node") ? null : targetAt(engine, place, target);
  const { layout } = engine;
  if (about?.kind !== "link" || !layout) return null;
  return new Click(() => bend(engine.studio, layout, about.id, place));
}

function resizing({ engine, at }: Press, corner: HTMLElement): Gesture | null {
  const { layout } = engine;
  const group = corner.closest<HTMLElement>("[data-group]");
  if (group && layout) {
    const index = Number(group.dataset["group"]);
    const resized = layout.graph.groups?.[index];
    return resized ? new Resizer(engine, at, resizedGroup(index, groupBox(resized), group)) : null;
  }
  const element = corner.closest<HTMLElement>(".react-flow__node");
  const place = layout?.places.get(element?.dataset["id"] ?? "");
  return element && place ? new Resizer(engine, at, resizedNode(place, element)) : null;
}

function wiring({ engine, keys }: Press, socket: HTMLElement, node: HTMLElement): Gesture | null {
  const side = socket.dataset["socket"] === "in" ? "in" : "out";
  const slot = Number(socket.dataset["slot"]);
  const pulled = engine.layout && pull(engine.layout, node.dataset["id"] ?? "", side, slot, keys.shift);
  return pulled && new Wire(engine, pulled);
}

function moving({ engine, at, keys }: Press, kind: SelectedKind, id: string | number): Gesture {
  const { studio } = engine;
  const was = isSelected(studio, kind, id);
  press(studio, kind, id, keys);
  const mergeKey = keys.alt ? `drag ${freshId()}` : undefined;
  return new Mover({
    engine,
    at,
    moved: movedSelection(studio, engine.layout),
    corner: cornerOf(engine, kind, id),
    click: (now: Keys) => click(studio, kind, id, now, was),
    ...(mergeKey === undefined ? {} : { mergeKey, begins: () => duplicates(engine, mergeKey) }),
  });
}

/**
 * With Alt, copies move and the originals stay, also those that lie in a copy of their group. Copies are drawn at once,
 * so that they can be taken hold of.
 */
function duplicates({ studio }: CanvasEngine, mergeKey: string): Moved | null {
  const made = flushSync(() => duplicate(studio, false, mergeKey));
  return made && { nodes: new Set(made.nodes.map(keyOf)), groups: new Set(made.groups), bends: new Set(made.reroutes) };
}

function cornerOf({ layout, studio }: CanvasEngine, kind: SelectedKind, id: string | number): { x: number; y: number } {
  const nowhere = { x: 0, y: 0 };
  if (!layout || !activeTab(studio.documents.getState())) return nowhere;
  if (kind === "nodes") return layout.places.get(String(id))?.box ?? nowhere;
  if (kind === "reroutes") return layout.bends.get(Number(id)) ?? nowhere;
  const group = layout.graph.groups?.[Number(id)];
  return group ? groupBox(group) : nowhere;
}
