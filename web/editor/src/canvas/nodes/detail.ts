/**
 * How much of a node's element there is. Near, widgets and sockets are added, a few nodes in each frame, so that moving
 * the view never waits for them; from afar there are titles and pictures, and details go as slowly as they came.
 */

import { createContext, useContext, useEffect, useState } from "react";
import { flushSync } from "react-dom";

const FRAME = 6; // ms of a frame that are given to details

/** Told, when it is one's turn, whether there are details. */
type Turn = (detailed: boolean) => void;

/** Tells nodes in turn, for a little while in each frame. */
export class Revealer {
  private near = true;
  /** Everybody, with what was told last. */
  private readonly told = new Map<Turn, boolean>();
  private readonly waiting = new Set<Turn>();
  private frame = 0;

  /** Be told from now on; the answer ends it. */
  attend(turn: Turn): () => void {
    this.told.set(turn, false);
    if (this.near) this.await(turn);
    return () => {
      this.told.delete(turn);
      this.waiting.delete(turn);
    };
  }

  /** The view came near enough for widgets, or went. */
  come(near: boolean): void {
    this.near = near;
    for (const [turn, detailed] of this.told) {
      if (detailed === near) this.waiting.delete(turn);
      else this.await(turn);
    }
  }

  private await(turn: Turn): void {
    this.waiting.add(turn);
    if (this.frame === 0) this.frame = requestAnimationFrame(this.work);
  }

  private readonly work = (): void => {
    const end = performance.now() + FRAME;
    for (const turn of this.waiting) {
      this.waiting.delete(turn);
      this.told.set(turn, this.near);
      flushSync(() => turn(this.near));
      if (performance.now() > end) break;
    }
    this.frame = this.waiting.size > 0 ? requestAnimationFrame(this.work) : 0;
  };
}

export const DetailContext = createContext(new Revealer());

/** Whether this node is drawn with everything. */
export function useDetailed(): boolean {
  const revealer = useContext(DetailContext);
  const [detailed, setDetailed] = useState(false);
  useEffect(() => revealer.attend(setDetailed), [revealer]);
  return detailed;
}
