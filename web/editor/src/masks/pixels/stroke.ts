/** One stroke of a brush: it covers each pixel as much as its nearest part does, however often it passes there. */

import { type Bitmap, common, type Point, pixelsIn, type Rect } from "./bitmap";
import type { MaskHistory } from "./history";
import { eachTile, tileRect } from "./tiles";

/** A place of a stroke and how wide it is there. */
export interface Dab extends Point {
  /** Pixels. */
  readonly radius: number;
}

export interface Brush {
  /** 1: a clear edge; 0: it fades from the middle on. */
  readonly hardness: number;
  /** How much of the way to `value` one stroke goes, 0 to 1. */
  readonly opacity: number;
  /** 255 paints, 0 erases. */
  readonly value: number;
}

export class Stroke {
  readonly #covered = new Map<number, Uint8Array>();

  constructor(
    readonly history: MaskHistory,
    readonly brush: Brush,
  ) {}

  /** Draw from one place to another (the same one: a dab); the region that changed. */
  segment(from: Dab, to: Dab): Rect | null {
    const { bitmap } = this.history;
    const reach = Math.max(from.radius, to.radius) + 1;
    const left = Math.min(from.x, to.x) - reach;
    const top = Math.min(from.y, to.y) - reach;
    const rect = pixelsIn(bitmap, left, top, Math.max(from.x, to.x) + reach, Math.max(from.y, to.y) + reach);
    if (!rect) return null;
    this.history.touch(rect);
    const coverage = coverageOf(from, to, this.brush.hardness);
    eachTile(bitmap, rect, (tile) => this.#inTile(bitmap, tile, rect, coverage));
    return rect;
  }

  #inTile(bitmap: Bitmap, tile: number, rect: Rect, coverage: Coverage): void {
    const place = tileRect(bitmap, tile);
    const part = common(place, rect);
    const before = this.history.before(tile);
    if (!part || !before) return;
    const covered = this.#covered.get(tile) ?? new Uint8Array(before.length);
    this.#covered.set(tile, covered);
    const { opacity, value } = this.brush;
    for (let y = part.y; y < part.y + part.height; y += 1) {
      const row = (y - place.y) * place.width - place.x;
      const inBitmap = y * bitmap.width;
      for (let x = part.x; x < part.x + part.width; x += 1) {
        const known = covered[row + x] ?? 0;
        if (known === 255) continue;
        const cover = Math.round(255 * coverage(x + 0.5, y + 0.5));
        if (cover <= known) continue;
        covered[row + x] = cover;
        const base = before[row + x] ?? 0;
        bitmap.data[inBitmap + x] = Math.round(base + ((value - base) * cover * opacity) / 255);
      }
    }
  }
}

/** How much of the pixel around a place is covered, 0 to 1. */
type Coverage = (x: number, y: number) => number;

/** What a segment covers: all that is near enough to the line from one place to the other. */
function coverageOf(from: Dab, to: Dab, hardness: number): Coverage {
  const { x: startX, y: startY, radius: startRadius } = from;
  const dx = to.x - startX;
  const dy = to.y - startY;
  const wider = to.radius - startRadius;
  const share = dx === 0 && dy === 0 ? 0 : 1 / (dx * dx + dy * dy);
  return (x, y) => {
    const along = ((x - startX) * dx + (y - startY) * dy) * share;
    const t = along < 0 ? 0 : along > 1 ? 1 : along;
    const awayX = x - startX - t * dx;
    const awayY = y - startY - t * dy;
    const radius = startRadius + t * wider;
    const outer = radius + 0.5; // half a pixel on each side of the edge smooths it
    const away = awayX * awayX + awayY * awayY;
    if (away >= outer * outer) return 0;
    const inner = Math.max(0, Math.min(radius * hardness, radius - 0.5));
    if (away <= inner * inner) return 1;
    const part = (outer - Math.sqrt(away)) / (outer - inner);
    return outer - inner > 1.5 ? part * part * (3 - 2 * part) : part;
  };
}
