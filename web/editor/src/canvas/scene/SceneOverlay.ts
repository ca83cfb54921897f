/** What changes from frame to frame, or stands out: moved links and blocks, a link under the pointer, selections. */

import type { Box } from "../../document/geometry";
import type { Point } from "../../state/canvas";
import type { NodePlace } from "../layout/places";
import type { Paint } from "../links/colours";
import { draw, type LinkStyle } from "../links/curves";
import { paintBlock } from "./blocks";
import { lineWidth, type View } from "./view";

/** A way to draw, and how. */
export interface Stroke {
  readonly points: readonly Point[];
  /** As CSS. */
  readonly colour: string;
  /** It stands out: wider, with a rim. */
  readonly strong: boolean;
}

/** A node's block, somewhere else than it lies. */
export interface Block {
  readonly place: NodePlace;
  readonly box: Box;
}

export interface Outline {
  readonly box: Box;
  /** As CSS. */
  readonly colour: string;
}

export interface Shown {
  readonly strokes: readonly Stroke[];
  readonly blocks: readonly Block[];
  readonly outlines: readonly Outline[];
}

export class SceneOverlay {
  private isEmpty = true;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly paint: Paint,
  ) {}

  /** Draw these and nothing else. The canvas lies in the moving plane and is put where the view is. */
  show({ strokes, blocks, outlines }: Shown, view: View, style: LinkStyle): void {
    const isEmpty = strokes.length + blocks.length + outlines.length === 0;
    if (isEmpty && this.isEmpty) return;
    const context = this.canvas.getContext("2d");
    if (!context) return;
    this.resize(view);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const scale = view.zoom * devicePixelRatio;
    context.setTransform(scale, 0, 0, scale, view.x * devicePixelRatio, view.y * devicePixelRatio);
    for (const stroke of strokes) this.stroke(context, stroke, lineWidth(view.zoom), style);
    for (const { place, box } of blocks) paintBlock(context, this.paint, place, box, view.zoom);
    for (const outline of outlines) this.outline(context, outline, view.zoom);
    this.isEmpty = isEmpty;
    this.canvas.style.display = isEmpty ? "none" : "block";
  }

  private resize({ x, y, zoom, width, height }: View): void {
    const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (this.canvas.width !== wide) this.canvas.width = wide;
    if (this.canvas.height !== high) this.canvas.height = high;
    const scale = 1 / (zoom * devicePixelRatio);
    this.canvas.style.transform = `translate(${-x / zoom}px, ${-y / zoom}px) scale(${scale})`;
  }

  private stroke(
    context: CanvasRenderingContext2D,
    { points, colour, strong }: Stroke,
    width: number,
    style: LinkStyle,
  ): void {
    context.beginPath();
    draw(context, points, style);
    if (strong) {
      context.strokeStyle = this.paint.of("var(--node-selected)");
      context.globalAlpha = 0.45;
      context.lineWidth = width * 3.4;
      context.stroke();
      context.globalAlpha = 1;
    }
    context.strokeStyle = colour;
    context.lineWidth = strong ? width * 1.4 : width;
    context.stroke();
  }

  private outline(context: CanvasRenderingContext2D, { box, colour }: Outline, zoom: number): void {
    context.strokeStyle = this.paint.of(colour);
    context.lineWidth = 2 / zoom;
    context.strokeRect(box.x, box.y, box.width, box.height);
  }
}
