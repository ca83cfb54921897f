/** Undo and redo of a mask: of each step, the tiles that it changed, packed. */

import { type Bitmap, type Rect, union } from "./bitmap";
import { isSame, type Packed, pack, unpack } from "./packing";
import { eachTile, readTile, tileRect, writeTile } from "./tiles";

interface Step {
  readonly id: number;
  /** The tiles as they are on the other side of the step. */
  readonly tiles: ReadonlyMap<number, Packed>;
  readonly bytes: number;
}

const BUDGET = 2 ** 29; // bytes; hundreds of steps over the whole of a mask of 8192 x 8192, thousands of strokes

/**
 * What was done to a bitmap.
 *
 * Whoever writes pixels calls `touch` before and `commit` when the step is whole. Past `budget` bytes the oldest steps
 * are forgotten.
 */
export class MaskHistory {
  #past: Step[] = [];
  #future: Step[] = [];
  #open = new Map<number, Uint8Array>();
  #nextId = 1;
  #forgotten = 0;

  constructor(
    readonly bitmap: Bitmap,
    readonly budget = BUDGET,
  ) {}

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** The same number whenever the mask is as it was then. */
  get state(): number {
    return this.#past.at(-1)?.id ?? this.#forgotten;
  }

  /** Remember a region before it is changed. */
  touch(rect: Rect): void {
    eachTile(this.bitmap, rect, (tile) => {
      if (!this.#open.has(tile)) this.#open.set(tile, readTile(this.bitmap, tile));
    });
  }

  /** A tile as it was when the present step began; undefined when it was not touched. */
  before(tile: number): Uint8Array | undefined {
    return this.#open.get(tile);
  }

  /** End the step; whether it changed anything. */
  commit(): boolean {
    const tiles = new Map<number, Packed>();
    let bytes = 0;
    for (const [tile, pixels] of this.#open) {
      const packed = pack(pixels);
      if (isSame(packed, pack(readTile(this.bitmap, tile)))) continue;
      tiles.set(tile, packed);
      bytes += packed.bytes.length;
    }
    this.#open.clear();
    if (tiles.size === 0) return false;
    this.#past.push({ id: this.#nextId, tiles, bytes });
    this.#nextId += 1;
    this.#future = [];
    this.#forget();
    return true;
  }

  /** Take the present step back, as if it had never begun; the region that changed. */
  rollback(): Rect | null {
    let changed: Rect | null = null;
    for (const [tile, pixels] of this.#open) {
      writeTile(this.bitmap, tile, pixels);
      changed = union(changed, tileRect(this.bitmap, tile));
    }
    this.#open.clear();
    return changed;
  }

  /** Go a step back; the region that changed, null when there is none. */
  undo(): Rect | null {
    return this.#cross(this.#past, this.#future);
  }

  /** Go a step forward again. */
  redo(): Rect | null {
    return this.#cross(this.#future, this.#past);
  }

  #cross(from: Step[], to: Step[]): Rect | null {
    const step = from.pop();
    if (!step) return null;
    const other = new Map<number, Packed>();
    let bytes = 0;
    let changed: Rect | null = null;
    for (const [tile, packed] of step.tiles) {
      const now = pack(readTile(this.bitmap, tile));
      other.set(tile, now);
      bytes += now.bytes.length;
      writeTile(this.bitmap, tile, unpack(packed));
      changed = union(changed, tileRect(this.bitmap, tile));
    }
    to.push({ id: step.id, tiles: other, bytes });
    return changed;
  }

  #forget(): void {
    let total = this.#past.reduce((sum, { bytes }) => sum + bytes, 0);
    while (total > this.budget && this.#past.length > 1) {
      const oldest = this.#past.shift();
      if (!oldest) return;
      total -= oldest.bytes;
      this.#forgotten = oldest.id;
    }
  }
}
