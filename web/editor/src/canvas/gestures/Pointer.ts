/** Follows the pointer: which gesture a press begins, its moves once in a frame, panning at edges, its end. */

import type { Point } from "../../state/canvas";
import type { CanvasEngine } from "../engine";
import { type Gesture, type Keys, keysOf, type Press } from "./gesture";
import { Pinch } from "./Pinch";

const SHAKE = 4; // pixels that a hand moves without meaning it
const TOUCH_SHAKE = 9;
const LONG_PRESS = 500; // ms until a finger that rests opens the menu
const EDGE = 36; // pixels from the edge where the view begins to move
const EDGE_SPEED = 14; // pixels in a frame at the very edge

interface Running {
  readonly id: number;
  readonly gesture: Gesture;
  readonly from: Point;
  readonly isTouch: boolean;
  begun: boolean;
}

export class Pointer {
  private running: Running | null = null;
  private at: Point = { x: 0, y: 0 };
  private keys: Keys = { shift: false, ctrl: false, alt: false };
  private frame = 0;
  private longPress: ReturnType<typeof setTimeout> | undefined;
  private claimed = false;
  private readonly pinch: Pinch;
  private readonly ending = new AbortController();

  /**
   * @param pick what a press begins; null leaves it to React Flow, which moves the view.
   * @param hover told where the pointer is while nothing is pressed.
   * @param hold a finger rested on something.
   */
  constructor(
    private readonly engine: CanvasEngine,
    private readonly pick: (press: Press) => Gesture | null,
    private readonly hover: (event: PointerEvent) => void,
    private readonly hold: (at: Point, target: Element) => void,
  ) {
    this.pinch = new Pinch(engine);
    const { root } = engine.elements;
    const { signal } = this.ending;
    root.addEventListener("pointerdown", (event) => this.pressed(event), { signal, capture: true });
    root.addEventListener("pointermove", (event) => this.idle(event), { signal });
    addEventListener("pointermove", (event) => this.moved(event), { signal });
    addEventListener("pointerup", (event) => this.released(event), { signal });
    addEventListener("pointercancel", (event) => this.lost(event), { signal });
    addEventListener("keydown", (event) => this.escaped(event), { signal, capture: true });
    // React Flow moves the view by these; what a gesture has taken is not for it.
    for (const name of ["mousedown", "touchstart"] as const) {
      root.addEventListener(name, (event) => this.claimed && event.stopPropagation(), { signal, capture: true });
    }
  }

  end(): void {
    this.ending.abort();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.longPress);
  }

  private pressed(event: PointerEvent): void {
    const { target } = event;
    if (!(target instanceof Element)) return;
    const isTouch = event.pointerType === "touch";
    if (isTouch && this.pinch.pressed(event, this.running !== null)) {
      this.giveUp();
      this.claimed = true;
      return;
    }
    if (isTouch && this.pinch.hasTwoFingers) {
      this.claimed = false; // the first finger moves the view already: the pinch is React Flow's
      clearTimeout(this.longPress);
      return;
    }
    this.engine.pointerMoved(pointOf(event));
    const press = {
      engine: this.engine,
      at: pointOf(event),
      keys: keysOf(event),
      target,
      button: event.button,
      isTouch,
    };
    const gesture = this.pick(press);
    this.claimed = gesture !== null;
    if (isTouch) this.awaitLongPress(pointOf(event), target);
    if (!gesture) return;
    if (this.running) this.running.gesture.cancel();
    this.running = { id: event.pointerId, gesture, from: pointOf(event), isTouch, begun: false };
  }

  private awaitLongPress(at: Point, target: Element): void {
    clearTimeout(this.longPress);
    this.longPress = setTimeout(() => {
      if (this.running?.begun) return;
      this.giveUp();
      this.hold(at, target);
      // The finger is lifted over the menu that has come: that must not press what lies there.
      addEventListener("touchend", (event) => event.preventDefault(), { capture: true, once: true, passive: false });
    }, LONG_PRESS);
    this.at = at;
  }

  private idle(event: PointerEvent): void {
    this.engine.pointerMoved(pointOf(event));
    if (!this.running && event.buttons === 0) this.hover(event);
  }

  private moved(event: PointerEvent): void {
    if (this.pinch.moved(event)) return;
    const { running } = this;
    if (distance(this.at, pointOf(event)) > TOUCH_SHAKE) clearTimeout(this.longPress);
    if (!running || running.id !== event.pointerId) return;
    this.at = pointOf(event);
    this.keys = keysOf(event);
    if (!running.begun) {
      if (distance(running.from, this.at) < (running.isTouch ? TOUCH_SHAKE : SHAKE)) return;
      this.begin(running);
    }
    if (this.frame === 0) this.frame = requestAnimationFrame(this.step);
  }

  private begin(running: Running): void {
    clearTimeout(this.longPress);
    running.begun = true;
    this.engine.elements.root.setPointerCapture(running.id);
    this.engine.elements.root.dataset["gesture"] = "";
    running.gesture.begin();
  }

  private readonly step = (): void => {
    this.frame = 0;
    const { running } = this;
    if (!running?.begun) return;
    const [x, y] = running.gesture.pansAtEdges ? this.edgeSpeed() : [0, 0];
    if (x !== 0 || y !== 0) {
      this.engine.panBy(x, y);
      this.frame = requestAnimationFrame(this.step);
    }
    running.gesture.move(this.at, this.keys);
  };

  private edgeSpeed(): [number, number] {
    const { left, top, right, bottom } = this.engine.elements.root.getBoundingClientRect();
    return [speed(this.at.x, left, right), speed(this.at.y, top, bottom)];
  }

  private released(event: PointerEvent): void {
    clearTimeout(this.longPress);
    if (this.pinch.released(event)) return;
    const { running } = this;
    if (!running || running.id !== event.pointerId) return;
    this.stop();
    const at = pointOf(event);
    if (running.begun) running.gesture.end(at, keysOf(event));
    else running.gesture.click?.(at, keysOf(event));
  }

  private lost(event: PointerEvent): void {
    this.pinch.released(event);
    if (this.running?.id === event.pointerId) this.giveUp();
  }

  private escaped(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.running?.begun) return;
    event.stopPropagation();
    event.preventDefault();
    this.giveUp();
  }

  private giveUp(): void {
    const { running } = this;
    this.stop();
    running?.gesture.cancel();
  }

  private stop(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.longPress);
    this.frame = 0;
    this.running = null;
    delete this.engine.elements.root.dataset["gesture"];
  }
}

export function pointOf(event: { clientX: number; clientY: number }): Point {
  return { x: event.clientX, y: event.clientY };
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

function speed(at: number, from: number, to: number): number {
  if (at < from + EDGE) return Math.min(1, (from + EDGE - at) / EDGE) * EDGE_SPEED;
  if (at > to - EDGE) return -Math.min(1, (at - to + EDGE) / EDGE) * EDGE_SPEED;
  return 0;
}
