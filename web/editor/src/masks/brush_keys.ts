/** Painting by keys: arrows move the brush, the space bar is held to paint. */

import type { Point } from "./pixels/bitmap";
import type { MaskSession } from "./session";
import type { Stage } from "./stage";
import { beginGesture, type Gesture } from "./tools";

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class BrushKeys {
  /** Where keys have moved the brush; null: it is led by a pointer. */
  #place: Point | null = null;
  #gesture: Gesture | null = null;

  constructor(
    readonly session: MaskSession,
    readonly stage: Stage,
  ) {}

  /** Whether something is being drawn. */
  get isDrawing(): boolean {
    return this.#gesture !== null;
  }

  /** A pointer leads again. */
  leave(): void {
    this.cancel();
    this.#place = null;
  }

  /** Take a key that was pressed; whether it was one of these. */
  press(event: KeyboardEvent): boolean {
    const step = ARROWS[event.key];
    if (step) {
      this.#move(step[0], step[1], event);
      return true;
    }
    if (event.key !== " " || !this.#place) return false;
    if (!event.repeat && !this.session.state.isBusy) this.#begin(this.#place, event);
    return true;
  }

  release(event: KeyboardEvent): void {
    if (event.key !== " " || !this.#gesture) return;
    this.#gesture.end();
    this.#finish();
  }

  cancel(): void {
    this.#gesture?.cancel();
    if (this.#gesture) this.#finish();
  }

  #move(dx: number, dy: number, { altKey, shiftKey }: KeyboardEvent): void {
    const { width, height } = this.session.mask;
    const before = this.#place ?? this.stage.store.getState().place ?? { x: width / 2, y: height / 2 };
    const usual = Math.max(1, Math.round(8 / this.stage.view.scale));
    const step = altKey ? 1 : shiftKey ? usual * 8 : usual;
    const place = { x: within(before.x + dx * step, width), y: within(before.y + dy * step, height) };
    this.#place = place;
    this.#gesture?.move([{ ...place, pressure: 1 }]);
    this.stage.reveal(place);
    this.stage.point(place);
  }

  #begin(place: Point, { shiftKey, ctrlKey }: KeyboardEvent): void {
    this.#gesture ??= beginGesture(this.session, { ...place, pressure: 1, swapped: ctrlKey, straight: shiftKey });
    this.stage.outlined = this.#gesture.outline;
  }

  #finish(): void {
    this.#gesture = null;
    this.stage.outlined = () => [];
    this.stage.reshape();
  }
}

function within(value: number, size: number): number {
  return Math.min(size - 0.5, Math.max(0.5, value));
}
