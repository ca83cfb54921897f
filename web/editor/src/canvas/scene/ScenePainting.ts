/**
 * What is drawn on one canvas beneath the nodes: links always, and from afar groups and nodes too, because a thousand
 * elements, or SVG paths, would cost more than all the rest.
 *
 * It lies in the plane that React Flow moves and covers more than is seen, so that moving the view draws nothing. It is
 * drawn anew when the view leaves what it covers, and sharper once zooming has come to rest.
 */

import type { Box } from "../../document/geometry";
import { type Line, overlaps } from "../layout/layout";
import type { Layout } from "../layout/layout";
import type { Paint } from "../links/colours";
import { draw, type LinkStyle } from "../links/curves";
import { paintBlock, paintGroup } from "./blocks";
import { covers, grown, lineWidth, seenIn, type View } from "./view";

/** What is drawn elsewhere while it moves. */
export interface Hidden {
  readonly links: ReadonlySet<number>;
  readonly nodes: ReadonlySet<string>;
  readonly groups: ReadonlySet<number>;
}

export interface Drawn {
  readonly layout: Layout;
  readonly hidden: Hidden;
  readonly style: LinkStyle;
  /** Nodes and groups are painted too. */
  readonly blocks: boolean;
}

const MARGIN = 0.3; // of the width and height of the view, on each side
const REST = 120; // ms without zooming before it is drawn sharp again
const SHARP = 1.6; // how much larger or smaller it may be shown while zooming goes on
const LARGEST = 4096; // pixels on a side

export class ScenePainting {
  private covered: Box = { x: 0, y: 0, width: 0, height: 0 };
  private drawnZoom = 0;
  private drawn: Drawn | null = null;
  private view: View = { x: 0, y: 0, zoom: 1, width: 0, height: 0 };
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly paint: Paint,
  ) {}

  /** Other things, or other looks of them. */
  show(drawn: Drawn): void {
    this.drawn = drawn;
    this.redraw();
  }

  /** The view moved. */
  follow(view: View): void {
    this.view = view;
    const ratio = view.zoom / this.drawnZoom;
    const isRough = ratio > SHARP || ratio < 1 / SHARP;
    if (isRough || !covers(this.covered, seenIn(view))) this.redraw();
    else if (view.zoom !== this.drawnZoom) {
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.redraw(), REST);
    }
  }

  redraw(): void {
    clearTimeout(this.rest);
    const { view, canvas, drawn } = this;
    const context = canvas.getContext("2d");
    if (!context || !drawn || view.width === 0) return;
    const area = grown(seenIn(view), MARGIN);
    const scale = Math.min(view.zoom * devicePixelRatio, LARGEST / area.width, LARGEST / area.height);
    canvas.width = Math.ceil(area.width * scale);
    canvas.height = Math.ceil(area.height * scale);
    canvas.style.transform = `translate(${area.x}px, ${area.y}px) scale(${1 / scale})`;
    context.setTransform(scale, 0, 0, scale, -area.x * scale, -area.y * scale);
    this.paintAll(context, drawn, area);
    this.covered = area;
    this.drawnZoom = view.zoom;
  }

  private paintAll(context: CanvasRenderingContext2D, { layout, hidden, style, blocks }: Drawn, area: Box): void {
    const { zoom } = this.view;
    if (blocks) {
      for (const [index, group] of (layout.graph.groups ?? []).entries()) {
        if (!hidden.groups.has(index)) paintGroup(context, this.paint, group, zoom);
      }
    }
    this.stroke(context, layout, hidden, style, area);
    if (!blocks) return;
    for (const place of layout.places.values()) {
      if (!hidden.nodes.has(place.key) && overlaps(place.box, area))
        paintBlock(context, this.paint, place, place.box, zoom);
    }
  }

  /** One path for each colour: strokes are what costs. */
  private stroke(context: CanvasRenderingContext2D, layout: Layout, hidden: Hidden, style: LinkStyle, area: Box): void {
    const byColour = new Map<string, Path2D>();
    for (const line of layout.lines.values()) {
      if (hidden.links.has(line.link.id) || !overlaps(boxOf(line), area)) continue;
      const colour = this.paint.ofType(line.type);
      const path = byColour.get(colour) ?? new Path2D();
      byColour.set(colour, path);
      draw(path, line.points, style);
    }
    context.lineWidth = lineWidth(this.view.zoom);
    for (const [colour, path] of byColour) {
      context.strokeStyle = colour;
      context.stroke(path);
    }
  }
}

const BULGE = 40; // how far a curve goes beyond its points

/** Where a line is at most. */
export function boxOf({ points }: Line): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const bulge = BULGE + (bottom - top) * 0.3;
  return { x: left - bulge, y: top - 8, width: right - left + 2 * bulge, height: bottom - top + 16 };
}
