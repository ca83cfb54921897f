/** Curves through the places that a pointer was at, so that quick strokes have no corners. */

import type { Dab } from "./stroke";

const NEAR = 0.04; // of the radius: places nearer to each other make no difference
const STEP = 0.2; // of the radius: how long the straight pieces of a curve are
const MOST_PIECES = 32;

export class SmoothPath {
  #last: Dab;
  /** The end of the curve so far: halfway between the two last places. */
  #end: Dab;

  constructor(start: Dab) {
    this.#last = start;
    this.#end = start;
  }

  /** The pointer has come here; the places up to which the curve goes on. */
  add(place: Dab): readonly Dab[] {
    const away = Math.hypot(place.x - this.#last.x, place.y - this.#last.y);
    if (away < Math.max(0.5, place.radius * NEAR)) return [];
    const end = between(this.#last, place, 0.5);
    const curve = pieces(this.#end, this.#last, end);
    this.#last = place;
    this.#end = end;
    return curve;
  }

  /** The rest of the way to where the pointer was last. */
  finish(): readonly Dab[] {
    return this.#end === this.#last ? [] : [this.#last];
  }
}

/** A quadratic curve, cut into straight pieces; without its start. */
function pieces(from: Dab, bend: Dab, to: Dab): readonly Dab[] {
  const length = Math.hypot(bend.x - from.x, bend.y - from.y) + Math.hypot(to.x - bend.x, to.y - bend.y);
  const count = Math.min(MOST_PIECES, Math.max(1, Math.ceil(length / Math.max(1, to.radius * STEP))));
  return Array.from({ length: count }, (_, index) => {
    const t = (index + 1) / count;
    return between(between(from, bend, t), between(bend, to, t), t);
  });
}

function between(from: Dab, to: Dab, t: number): Dab {
  return {
    x: from.x + (to.x - from.x) * t,
    y: from.y + (to.y - from.y) * t,
    radius: from.radius + (to.radius - from.radius) * t,
  };
}
