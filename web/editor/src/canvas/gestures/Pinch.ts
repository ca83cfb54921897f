/** Two fingers anywhere on the canvas zoom and move it, also when they are on nodes, where React Flow would not. */

import type { Point } from "../../state/canvas";
import type { CanvasEngine } from "../engine";

export class Pinch {
  private readonly fingers = new Map<number, Point>();
  private onNode = false;

  constructor(private readonly engine: CanvasEngine) {}

  get hasTwoFingers(): boolean {
    return this.fingers.size === 2;
  }

  /** Whether a second finger makes this a pinch that React Flow would not see; `taken`: the first one has a gesture. */
  pressed(event: PointerEvent, taken: boolean): boolean {
    if (taken || (event.target instanceof Element && event.target.closest(".nopan"))) this.onNode = true;
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    return this.isPinch();
  }

  moved(event: PointerEvent): boolean {
    if (!this.fingers.has(event.pointerId) || !this.isPinch()) {
      if (this.fingers.has(event.pointerId)) this.put(event);
      return false;
    }
    const before = this.span();
    this.put(event);
    const after = this.span();
    if (!before || !after) return true;
    this.engine.panBy(after.middle.x - before.middle.x, after.middle.y - before.middle.y);
    const { zoom } = this.engine.view();
    this.engine.zoomAt((zoom * after.length) / before.length, this.engine.toCanvas(after.middle));
    return true;
  }

  /** Whether the finger was part of a pinch. */
  released(event: PointerEvent): boolean {
    const was = this.isPinch() && this.fingers.has(event.pointerId);
    this.fingers.delete(event.pointerId);
    if (this.fingers.size === 0) this.onNode = false;
    return was;
  }

  private isPinch(): boolean {
    return this.onNode && this.hasTwoFingers;
  }

  private put(event: PointerEvent): void {
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  private span(): { readonly middle: Point; readonly length: number } | null {
    const [one, other] = [...this.fingers.values()];
    if (!one || !other) return null;
    const length = Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
    return { middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }, length };
  }
}
