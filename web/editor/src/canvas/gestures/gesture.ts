/** What a person does with a pointer from pressing to letting go. */

import type { Point } from "../../state/canvas";
import type { CanvasEngine } from "../engine";

export interface Keys {
  readonly shift: boolean;
  /** Command on a Mac. */
  readonly ctrl: boolean;
  readonly alt: boolean;
}

export interface Gesture {
  /** The view moves when the pointer comes to its edge. */
  readonly pansAtEdges: boolean;
  /** Once, when the pointer has moved further than a hand shakes. */
  begin(): void;
  /** At most once in a frame; `at` on the screen. */
  move(at: Point, keys: Keys): void;
  /** Let go after it began. */
  end(at: Point, keys: Keys): void;
  /** Let go where it was pressed: it never began. */
  click?(at: Point, keys: Keys): void;
  /** Nothing of it shall remain. */
  cancel(): void;
}

/** What was pressed. */
export interface Press {
  readonly engine: CanvasEngine;
  /** On the screen. */
  readonly at: Point;
  readonly keys: Keys;
  readonly target: Element;
  readonly button: number;
  readonly isTouch: boolean;
}

export function keysOf(event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean; altKey: boolean }): Keys {
  return { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey };
}
