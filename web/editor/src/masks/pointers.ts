/** Mouse, pen and fingers on the stage: one paints, two move the picture. */

import type { Point } from "./pixels/bitmap";
import { toPicture } from "./pixels/view";
import type { MaskSession } from "./session";
import { inRange } from "./settings";
import type { Stage } from "./stage";
import { beginGesture, type Gesture, type Sample } from "./tools";

const RIGHT = 2;
const MIDDLE = 1;
const ERASER_OF_PEN = 5;

export class Pointers {
  #moves = false;
  #panFrom: Point = { x: 0, y: 0 };
  #gesture: Gesture | null = null;
  #drawing = -1; // the pointer that draws
  #panning = -1;
  readonly #fingers = new Map<number, Point>();
  #isPenUsed = false;

  constructor(
    readonly session: MaskSession,
    readonly stage: Stage,
    readonly frame: HTMLElement,
  ) {}

  /** Whether something is being drawn. */
  get isDrawing(): boolean {
    return this.#gesture !== null;
  }

  /** While the space bar is held, dragging moves the picture. */
  holdSpace(isHeld: boolean): void {
    this.#moves = isHeld;
    this.frame.toggleAttribute("data-moves", isHeld);
  }

  /** Listen until the answer is called. */
  listen(): () => void {
    const end = new AbortController();
    const on = <Name extends keyof HTMLElementEventMap>(
      name: Name,
      act: (event: HTMLElementEventMap[Name]) => void,
    ): void => this.frame.addEventListener(name, act, { signal: end.signal, passive: false });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event, false));
    on("pointercancel", (event) => this.#up(event, true));
    on("pointerleave", () => this.#drawing < 0 && this.stage.point(null));
    on("wheel", (event) => this.#wheel(event));
    on("contextmenu", (event) => event.preventDefault());
    return () => {
      end.abort();
      this.cancel();
    };
  }

  /** Give up what is being drawn. */
  cancel(): void {
    this.#gesture?.cancel();
    this.#finish();
  }

  #down(event: PointerEvent): void {
    event.preventDefault();
    this.frame.focus({ preventScroll: true });
    this.frame.setPointerCapture(event.pointerId);
    if (event.pointerType === "pen") this.#isPenUsed = true;
    if (event.pointerType === "touch") {
      this.#fingers.set(event.pointerId, this.#at(event));
      if (this.#fingers.size > 1) this.cancel();
      if (this.#fingers.size > 1 || this.#isPenUsed) return; // with a pen in hand, fingers only move the picture
    }
    if (this.#gesture || this.session.state.isBusy) return;
    if (event.button === MIDDLE || this.#moves) {
      this.#panning = event.pointerId;
      this.#panFrom = this.#at(event);
    } else this.#begin(event);
  }

  #begin(event: PointerEvent): void {
    const swapped = event.button === RIGHT || event.button === ERASER_OF_PEN;
    const sample = this.#sample(event);
    this.#drawing = event.pointerId;
    this.#gesture = beginGesture(this.session, { ...sample, swapped, straight: event.shiftKey });
    this.stage.outlined = this.#gesture.outline;
    this.stage.point(sample);
  }

  #move(event: PointerEvent): void {
    if (this.#fingers.has(event.pointerId)) this.#finger(event);
    else if (event.pointerId === this.#panning) this.#pan(this.#at(event));
    if (event.pointerId === this.#drawing) {
      const events = event.getCoalescedEvents();
      this.#gesture?.move((events.length > 0 ? events : [event]).map((one) => this.#sample(one)));
    }
    if (event.pointerType !== "touch" || event.pointerId === this.#drawing) this.stage.point(this.#sample(event));
  }

  #up(event: PointerEvent, isLost: boolean): void {
    this.#fingers.delete(event.pointerId);
    if (event.pointerId === this.#panning) this.#panning = -1;
    if (event.pointerId !== this.#drawing) return;
    const gesture = this.#gesture;
    this.#finish();
    if (isLost) gesture?.cancel();
    else gesture?.end();
    if (event.pointerType === "touch") this.stage.point(null);
  }

  #finish(): void {
    this.#gesture = null;
    this.#drawing = -1;
    this.stage.outlined = () => [];
    this.stage.reshape();
  }

  #pan(to: Point): void {
    this.stage.pan(to.x - this.#panFrom.x, to.y - this.#panFrom.y);
    this.#panFrom = to;
  }

  /** Fingers that do not paint move the picture: what was between two of them stays there. */
  #finger(event: PointerEvent): void {
    const before = [...this.#fingers.values()];
    this.#fingers.set(event.pointerId, this.#at(event));
    if (event.pointerId === this.#drawing) return;
    const after = [...this.#fingers.values()];
    const [from, to] = [middle(before), middle(after)];
    this.stage.pan(to.x - from.x, to.y - from.y);
    if (after.length > 1) this.stage.zoom(apart(after) / apart(before), to);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const amount = (event.deltaY || event.deltaX) * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1);
    if (event.shiftKey) {
      const { size } = this.session.state;
      const wanted = size * Math.exp(-amount / 500);
      this.session.set({ size: inRange("size", amount < 0 ? Math.ceil(wanted) : Math.floor(wanted)) });
    } else this.stage.zoom(Math.exp(-amount / (event.ctrlKey ? 100 : 400)), this.#at(event));
  }

  #at(event: MouseEvent): Point {
    const box = this.frame.getBoundingClientRect();
    return { x: event.clientX - box.x, y: event.clientY - box.y };
  }

  #sample(event: PointerEvent): Sample {
    return {
      ...toPicture(this.stage.view, this.#at(event)),
      pressure: event.pointerType === "pen" ? event.pressure : 1,
    };
  }
}

function middle(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}

function apart([one, other]: readonly Point[]): number {
  return one && other ? Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)) : 1;
}
