/** A rectangle is drawn; what it touches is selected, added to what was selected before. */

import type { Box } from "../../document/geometry";
import type { Point } from "../../state/canvas";
import { activeTab, NOTHING, type Selection } from "../../state/documents";
import type { CanvasEngine } from "../engine";
import { overlaps } from "../layout/layout";
import type { Gesture } from "./gesture";

export class Marquee implements Gesture {
  readonly pansAtEdges = true;
  private readonly from: Point; // in canvas units
  private readonly before: Selection;
  private readonly frame = document.createElement("div");

  constructor(
    private readonly engine: CanvasEngine,
    at: Point,
  ) {
    this.from = engine.toCanvas(at);
    this.before = activeTab(engine.studio.documents.getState())?.selection ?? NOTHING;
    this.frame.className = "marquee";
  }

  begin(): void {
    this.engine.elements.root.append(this.frame);
  }

  move(at: Point): void {
    const to = this.engine.toCanvas(at);
    const box = between(this.from, to);
    const { x, y, zoom } = this.engine.view();
    this.frame.style.transform = `translate(${box.x * zoom + x}px, ${box.y * zoom + y}px)`;
    this.frame.style.width = `${box.width * zoom}px`;
    this.frame.style.height = `${box.height * zoom}px`;
    this.select(box);
  }

  end(at: Point): void {
    this.move(at);
    this.frame.remove();
  }

  cancel(): void {
    this.frame.remove();
    this.engine.studio.documents.select(this.before);
  }

  private select(box: Box): void {
    const { layout, studio } = this.engine;
    const nodes = new Set(this.before.nodes);
    const groups = new Set(this.before.groups);
    const reroutes = new Set(this.before.reroutes);
    for (const place of layout?.places.values() ?? []) if (overlaps(place.box, box)) nodes.add(place.key);
    for (const [index, group] of (layout?.graph.groups ?? []).entries()) {
      if (holds(box, group.bounding)) groups.add(index);
    }
    for (const bend of layout?.bends.values() ?? []) {
      if (overlaps({ x: bend.x, y: bend.y, width: 0.1, height: 0.1 }, box)) reroutes.add(bend.id);
    }
    const now = activeTab(studio.documents.getState())?.selection;
    const same =
      now && now.nodes.size === nodes.size && now.groups.size === groups.size && now.reroutes.size === reroutes.size;
    if (!same || ![...nodes].every((key) => now.nodes.has(key))) studio.documents.select({ nodes, groups, reroutes });
  }
}

function between(one: Point, other: Point): Box {
  return {
    x: Math.min(one.x, other.x),
    y: Math.min(one.y, other.y),
    width: Math.abs(one.x - other.x),
    height: Math.abs(one.y - other.y),
  };
}

/** Groups are large: they have to lie within. */
function holds(box: Box, [x, y, width, height]: readonly [number, number, number, number]): boolean {
  return x >= box.x && y >= box.y && x + width <= box.x + box.width && y + height <= box.y + box.height;
}
