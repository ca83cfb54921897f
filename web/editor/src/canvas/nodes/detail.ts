/**
 * How much of a node's element there is. Near, widgets and sockets are added, a few nodes in each frame, so that moving
 * the view never waits for them; from afar there are titles and pictures.
 */

import { createContext, useContext, useEffect, useState } from "react";
import { flushSync } from "react-dom";

const FRAME = 6; // ms of a frame that are given to adding details

/** Calls back in turn, for a little while in each frame. */
export class Revealer {
  private readonly waiting = new Set<() => void>();
  private frame = 0;

  /** Be called when it is one's turn; the answer takes that back. */
  request(turn: () => void): () => void {
    this.waiting.add(turn);
    if (this.frame === 0) this.frame = requestAnimationFrame(this.work);
    return () => this.waiting.delete(turn);
  }

  private readonly work = (): void => {
    const end = performance.now() + FRAME;
    for (const turn of this.waiting) {
      this.waiting.delete(turn);
      flushSync(turn);
      if (performance.now() > end) break;
    }
    this.frame = this.waiting.size > 0 ? requestAnimationFrame(this.work) : 0;
  };
}

export interface Detail {
  /** The view is near enough for widgets. */
  readonly near: boolean;
  readonly revealer: Revealer;
}

export const DetailContext = createContext<Detail>({ near: true, revealer: new Revealer() });

/** Whether this node is drawn with everything. */
export function useDetailed(): boolean {
  const { near, revealer } = useContext(DetailContext);
  const [revealed, setRevealed] = useState(false);
  useEffect(() => {
    if (near) return revealer.request(() => setRevealed(true));
    setRevealed(false);
    return undefined;
  }, [near, revealer]);
  return near && revealed;
}
