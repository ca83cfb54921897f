/** How much of a run is done. */

import type { Run } from "../state/runs";

/** Seconds left by now: what was last told, less the time since; null while nobody knows. */
export function secondsLeft(run: Run, now: number): number | null {
  if (run.secondsLeft === null) return null;
  return Math.max(0, run.secondsLeft - (now - (run.toldAt ?? now)) / 1000);
}

/** From 0 to 1; null while nothing is known of it. */
export function shareDone(run: Run, now: number): number | null {
  const left = secondsLeft(run, now);
  if (left !== null && run.secondsTotal) return Math.min(1, Math.max(0, 1 - left / run.secondsTotal));
  if (run.nodesTotal) return Math.min(1, (run.nodesDone ?? 0) / run.nodesTotal);
  return null;
}
