/** Links that change from frame to frame or stand out: moved ones, the one under the pointer, selected ones. */

import type { Point } from "../../state/canvas";
import type { Paint } from "./colours";
import { draw, type LinkStyle } from "./curves";
import { lineWidth, type View } from "./LinkPainting";

/** A way to draw, and how. */
export interface Stroke {
  readonly points: readonly Point[];
  /** As CSS. */
  readonly colour: string;
  /** It stands out: wider, with a rim. */
  readonly strong: boolean;
}

export class LinkOverlay {
  private isEmpty = true;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly paint: Paint,
  ) {}

  /** Draw these and nothing else. The canvas lies in the moving plane and is put where the view is. */
  show(strokes: readonly Stroke[], view: View, style: LinkStyle): void {
    if (strokes.length === 0 && this.isEmpty) return;
    const context = this.canvas.getContext("2d");
    if (!context) return;
    this.resize(view);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const scale = view.zoom * devicePixelRatio;
    context.setTransform(scale, 0, 0, scale, view.x * devicePixelRatio, view.y * devicePixelRatio);
    for (const stroke of strokes) this.stroke(context, stroke, lineWidth(view.zoom), style);
    this.isEmpty = strokes.length === 0;
    this.canvas.style.display = this.isEmpty ? "none" : "block";
  }

  private resize({ x, y, zoom, width, height }: View): void {
    const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (this.canvas.width !== wide) this.canvas.width = wide;
    if (this.canvas.height !== high) this.canvas.height = high;
    const scale = 1 / (zoom * devicePixelRatio);
    this.canvas.style.transform = `translate(${-x / zoom}px, ${-y / zoom}px) scale(${scale})`;
  }

  private stroke(context: CanvasRenderingContext2D, { points, colour, strong }: Stroke, width: number, style: LinkStyle): void {
    context.beginPath();
    draw(context, points, style);
    if (strong) {
      context.strokeStyle = this.paint.of("var(--node-selected)");
      context.globalAlpha = 0.45;
      context.lineWidth = width * 3.4;
      context.stroke();
      context.globalAlpha = 1;
    }
    context.strokeStyle = this.paint.of(colour);
    context.lineWidth = strong ? width * 1.4 : width;
    context.stroke();
  }
}
