/** A way drawn over everything on the canvas, as an SVG of its own. */

import type { Pen } from "./curves";

const SVG = "http://www.w3.org/2000/svg";

export class SvgPen implements Pen {
  readonly element = document.createElementNS(SVG, "svg");
  private readonly path = document.createElementNS(SVG, "path");
  private steps: string[] = [];

  constructor() {
    this.element.classList.add("wire");
    this.element.append(this.path);
  }

  clear(): void {
    this.steps = [];
  }

  moveTo(x: number, y: number): void {
    this.steps.push(`M${x} ${y}`);
  }

  lineTo(x: number, y: number): void {
    this.steps.push(`L${x} ${y}`);
  }

  bezierCurveTo(...[x1, y1, x2, y2, x, y]: [number, number, number, number, number, number]): void {
    this.steps.push(`C${x1} ${y1} ${x2} ${y2} ${x} ${y}`);
  }

  /** Show what was drawn since it was cleared. */
  show(colour: string, width: number): void {
    this.path.setAttribute("d", this.steps.join(""));
    this.path.style.stroke = colour;
    this.path.style.strokeWidth = String(width);
  }
}
