/**
 * The links, drawn on one canvas that lies in the moving plane beneath the nodes: a thousand SVG elements would cost more
 * than all the rest. It covers more than is seen, so that moving the view draws nothing; it is drawn anew when the view
 * leaves what it covers, and sharper once zooming has come to rest.
 */

import type { Box } from "../../document/geometry";
import { overlaps } from "../layout/layout";
import type { Line } from "../layout/layout";
import type { Paint } from "./colours";
import { draw, type LinkStyle } from "./curves";

export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
}

export interface Drawn {
  readonly lines: Iterable<Line>;
  /** Of links that are drawn elsewhere: those that are being moved. */
  readonly hidden: ReadonlySet<number>;
  readonly style: LinkStyle;
}

const MARGIN = 0.3; // of the width and height of the view, on each side
const REST = 120; // ms without zooming before it is drawn sharp again
const SHARP = 1.6; // how much larger or smaller it may be shown while zooming goes on
const LARGEST = 4096; // pixels on a side

export class LinkPainting {
  private covered: Box = { x: 0, y: 0, width: 0, height: 0 };
  private drawnZoom = 0;
  private drawn: Drawn = { lines: [], hidden: new Set(), style: "curved" };
  private view: View = { x: 0, y: 0, zoom: 1, width: 0, height: 0 };
  private rest: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly paint: Paint,
  ) {}

  /** Other links, or other looks of them. */
  show(drawn: Drawn): void {
    this.drawn = drawn;
    this.redraw();
  }

  /** The view moved. */
  follow(view: View): void {
    this.view = view;
    const ratio = view.zoom / this.drawnZoom;
    if (!covers(this.covered, seenIn(view)) || ratio > SHARP || ratio < 1 / SHARP) this.redraw();
    else if (view.zoom !== this.drawnZoom) {
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.redraw(), REST);
    }
  }

  redraw(): void {
    clearTimeout(this.rest);
    const { view, canvas } = this;
    const context = canvas.getContext("2d");
    if (!context || view.width === 0) return;
    const seen = seenIn(view);
    const [dx, dy] = [seen.width * MARGIN, seen.height * MARGIN];
    const area = { x: seen.x - dx, y: seen.y - dy, width: seen.width + 2 * dx, height: seen.height + 2 * dy };
    const scale = Math.min(view.zoom * devicePixelRatio, LARGEST / area.width, LARGEST / area.height);
    canvas.width = Math.ceil(area.width * scale);
    canvas.height = Math.ceil(area.height * scale);
    canvas.style.transform = `translate(${area.x}px, ${area.y}px) scale(${1 / scale})`;
    context.setTransform(scale, 0, 0, scale, -area.x * scale, -area.y * scale);
    context.lineWidth = lineWidth(view.zoom);
    this.stroke(context, area);
    this.covered = area;
    this.drawnZoom = view.zoom;
  }

  /** One path for each colour: strokes are what costs. */
  private stroke(context: CanvasRenderingContext2D, area: Box): void {
    const { lines, hidden, style } = this.drawn;
    const byType = new Map<string, Path2D>();
    for (const line of lines) {
      if (hidden.has(line.link.id) || !overlaps(boxOf(line), area)) continue;
      const colour = this.paint.ofType(line.type);
      const path = byType.get(colour) ?? new Path2D();
      byType.set(colour, path);
      draw(path, line.points, style);
    }
    for (const [colour, path] of byType) {
      context.strokeStyle = colour;
      context.stroke(path);
    }
  }
}

/** In canvas units: never thinner than a pixel and a bit on the screen. */
export function lineWidth(zoom: number): number {
  return Math.max(2.4, 1.2 / zoom);
}

export function seenIn({ x, y, zoom, width, height }: View): Box {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
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

function covers(outer: Box, inner: Box): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}
