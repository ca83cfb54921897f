/** The shapes of links: what is drawn, and how near a point is to it. */

import type { Point } from "../../state/canvas";

export type LinkStyle = "curved" | "straight" | "stepped";

/** What a way is drawn with: a canvas or a Path2D. */
export type Pen = Pick<CanvasPath, "moveTo" | "lineTo" | "bezierCurveTo">;

const STUB = 12; // how far a stepped link goes straight out of a socket

/** Draw a way over points. */
export function draw(pen: Pen, points: readonly Point[], style: LinkStyle): void {
  const [first, ...rest] = points;
  if (!first) return;
  pen.moveTo(first.x, first.y);
  let from = first;
  for (const to of rest) {
    drawPart(pen, from, to, style);
    from = to;
  }
}

function drawPart(pen: Pen, from: Point, to: Point, style: LinkStyle): void {
  if (style === "straight") {
    pen.lineTo(to.x, to.y);
  } else if (style === "stepped") {
    for (const corner of corners(from, to)) pen.lineTo(corner.x, corner.y);
    pen.lineTo(to.x, to.y);
  } else {
    const pull = pullOf(from, to);
    pen.bezierCurveTo(from.x + pull, from.y, to.x - pull, to.y, to.x, to.y);
  }
}

/** How far the handles of a curve reach out: more for links that go back. */
function pullOf(from: Point, to: Point): number {
  const dx = to.x - from.x;
  const reach = Math.hypot(dx, to.y - from.y);
  return dx >= 0 ? Math.min(reach / 2, Math.max(dx * 0.5, 24)) : Math.min(24 + reach * 0.3, 320);
}

function corners(from: Point, to: Point): Point[] {
  const out = from.x + STUB;
  const into = to.x - STUB;
  if (into >= out) {
    const middle = (out + into) / 2;
    return [
      { x: middle, y: from.y },
      { x: middle, y: to.y },
    ];
  }
  const halfway = (from.y + to.y) / 2;
  return [
    { x: out, y: from.y },
    { x: out, y: halfway },
    { x: into, y: halfway },
    { x: into, y: to.y },
  ];
}

const PIECES = 16; // straight pieces that stand for one curve when distances are measured

/** Points along a way, close enough together to measure distances to. */
export function flattened(points: readonly Point[], style: LinkStyle): Point[] {
  const flat: Point[] = points.slice(0, 1);
  for (let place = 1; place < points.length; place += 1) {
    const from = points[place - 1];
    const to = points[place];
    if (!from || !to) continue;
    if (style === "stepped") flat.push(...corners(from, to));
    if (style === "curved") flat.push(...curvePoints(from, to));
    flat.push(to);
  }
  return flat;
}

function curvePoints(from: Point, to: Point): Point[] {
  const pull = pullOf(from, to);
  const points = [];
  for (let piece = 1; piece < PIECES; piece += 1) {
    const t = piece / PIECES;
    const s = 1 - t;
    const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
    points.push({
      x: a * from.x + b * (from.x + pull) + c * (to.x - pull) + d * to.x,
      y: a * from.y + b * from.y + c * to.y + d * to.y,
    });
  }
  return points;
}

/** How far a point is from a way. */
export function distanceTo(at: Point, flat: readonly Point[]): number {
  let least = Infinity;
  for (let place = 1; place < flat.length; place += 1) {
    const from = flat[place - 1];
    const to = flat[place];
    if (from && to) least = Math.min(least, distanceToPiece(at, from, to));
  }
  return least;
}

function distanceToPiece(at: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((at.x - from.x) * dx + (at.y - from.y) * dy) / length));
  return Math.hypot(at.x - from.x - along * dx, at.y - from.y - along * dy);
}

/** Between which points of a way a place on it lies: the number of points before it. */
export function partAt(at: Point, points: readonly Point[], style: LinkStyle): number {
  let best = 1;
  let least = Infinity;
  for (let place = 1; place < points.length; place += 1) {
    const distance = distanceTo(at, flattened(points.slice(place - 1, place + 1), style));
    if (distance < least) [least, best] = [distance, place];
  }
  return best;
}
