/** What a context menu is about: what lies under the pointer. */

import { INPUT_NODE, OUTPUT_NODE } from "../../document/workflow";
import type { MenuTarget, Point } from "../../state/canvas";
import type { CanvasEngine } from "../engine";
import { slotOf } from "../nodes/border_slots";
import { nodeAt } from "../links/sockets";
import { isSelected, selectNothing, selectOnly } from "../selecting";

/** Open the menu of what is there; that is selected, unless it is part of the selection. */
export function openMenu(engine: CanvasEngine, at: Point, target: Element): void {
  const place = engine.toCanvas(at);
  const about = targetAt(engine, place, target);
  select(engine, about);
  engine.studio.canvas.setState({ menu: { at, place, target: about } });
}

/** What lies at a place of the canvas; `target` is the element there, which from afar is only the canvas. */
export function targetAt(engine: CanvasEngine, place: Point, target: Element): MenuTarget {
  const slot = slotOf(target);
  if (slot) return { kind: "slot", ...slot };
  const node = target.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
  if (node !== undefined) return { kind: "node", key: node };
  const bend = target.closest<HTMLElement>("[data-bend]")?.dataset["bend"];
  if (bend !== undefined) return { kind: "reroute", id: Number(bend) };
  const painted = engine.isNear() ? null : paintedAt(engine, place);
  if (painted?.kind === "node") return painted;
  const link = engine.linkAt(place);
  if (link) return { kind: "link", id: link.link.id };
  const group = target.closest<HTMLElement>("[data-group]")?.dataset["group"];
  if (group !== undefined) return { kind: "group", index: Number(group) };
  return painted ?? { kind: "canvas" };
}

/** A node or a group's title that is painted at a place. */
function paintedAt(engine: CanvasEngine, place: Point): MenuTarget | null {
  const { layout } = engine;
  const node = layout && nodeAt(layout, place);
  if (node) return { kind: "node", key: node.key };
  for (const [index, group] of [...(layout?.graph.groups ?? []).entries()].reverse()) {
    const [x, y, width, height] = group.bounding;
    const title = Math.min(height, Math.max((group.font_size ?? 24) * 1.4, 16 / engine.view().zoom));
    if (place.x >= x && place.x <= x + width && place.y >= y && place.y <= y + title) return { kind: "group", index };
  }
  return null;
}

function select({ studio }: CanvasEngine, about: MenuTarget): void {
  switch (about.kind) {
    case "node":
      if (!isSelected(studio, "nodes", about.key)) selectOnly(studio, "nodes", about.key);
      break;
    case "group":
      if (!isSelected(studio, "groups", about.index)) selectOnly(studio, "groups", about.index);
      break;
    case "reroute":
      if (!isSelected(studio, "reroutes", about.id)) selectOnly(studio, "reroutes", about.id);
      break;
    case "link":
      selectOnly(studio, "links", about.id);
      break;
    case "slot":
      selectOnly(studio, "nodes", String(about.side === "inputs" ? INPUT_NODE : OUTPUT_NODE));
      break;
    case "canvas":
      selectNothing(studio);
  }
}
