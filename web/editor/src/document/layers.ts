/** Laying nodes out in columns, so that links run from left to right. */

/** A node to be placed. */
export interface Piece {
  readonly key: string;
  readonly width: number;
  readonly height: number;
}

export interface Gaps {
  readonly column: number;
  readonly row: number;
}

const USUAL_GAPS: Gaps = { column: 80, row: 50 };
const SWEEPS = 4;

/**
 * Where each piece goes: its top left, from [0, 0].
 *
 * A column holds the pieces whose longest way from one without parents is equally long; within columns the order
 * follows that of what they are linked to, so that few links cross (the barycentre method of Sugiyama, Tagawa and Toda
 * 1981). What only gives is moved right, beside what it gives to. Pieces of a circle are put where they are met first.
 */
export function layered(
  pieces: readonly Piece[],
  links: readonly (readonly [string, string])[],
  gaps: Gaps = USUAL_GAPS,
): Map<string, [number, number]> {
  const known = new Map(pieces.map((piece) => [piece.key, piece]));
  const edges = links.filter(([from, to]) => from !== to && known.has(from) && known.has(to));
  const parents = neighbours(edges.map(([from, to]) => [to, from]));
  const children = neighbours(edges);
  const columns = sorted(columnsOf(pieces, parents, children), parents, children);
  const places = new Map<string, [number, number]>();
  let x = 0;
  for (const column of columns) {
    let y = 0;
    let width = 0;
    for (const key of column) {
      const piece = known.get(key);
      places.set(key, [x, y]);
      y += (piece?.height ?? 0) + gaps.row;
      width = Math.max(width, piece?.width ?? 0);
    }
    x += width + gaps.column;
  }
  return places;
}

type Neighbours = ReadonlyMap<string, readonly string[]>;

function neighbours(edges: readonly (readonly [string, string])[]): Neighbours {
  const found = new Map<string, string[]>();
  for (const [from, to] of edges) {
    const list = found.get(from);
    if (list) list.push(to);
    else found.set(from, [to]);
  }
  return found;
}

function columnsOf(pieces: readonly Piece[], parents: Neighbours, children: Neighbours): string[][] {
  const depth = depths(pieces, parents, children);
  for (const { key } of pieces) {
    const below = (children.get(key) ?? []).map((child) => depth.get(child) ?? 0);
    if (!parents.has(key) && below.length > 0) depth.set(key, Math.max(0, Math.min(...below) - 1));
  }
  const columns: string[][] = [];
  for (const { key } of pieces) (columns[depth.get(key) ?? 0] ??= []).push(key);
  return columns.filter((column) => column !== undefined);
}

/** The longest way to each piece. */
function depths(pieces: readonly Piece[], parents: Neighbours, children: Neighbours): Map<string, number> {
  const waiting = new Map(pieces.map(({ key }) => [key, (parents.get(key) ?? []).length]));
  const depth = new Map<string, number>();
  const ready = pieces.filter(({ key }) => waiting.get(key) === 0).map(({ key }) => key);
  const left = new Set(waiting.keys());
  for (;;) {
    for (const key of ready.splice(0)) {
      left.delete(key);
      const above = (parents.get(key) ?? []).map((parent) => depth.get(parent) ?? -1);
      depth.set(key, Math.max(-1, ...above) + 1);
      for (const child of children.get(key) ?? []) {
        const count = (waiting.get(child) ?? 0) - 1;
        waiting.set(child, count);
        if (count === 0 && left.has(child)) ready.push(child);
      }
    }
    if (ready.length > 0) continue;
    const [circle] = left;
    if (circle === undefined) return depth;
    ready.push(circle);
  }
}

/** Sort columns by what they are linked to, from left to right and back. */
function sorted(columns: string[][], parents: Neighbours, children: Neighbours): string[][] {
  let result = columns;
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    const places = new Map(result.flatMap((column) => column.map((key, place) => [key, place / column.length])));
    const beside = forward ? parents : children;
    const walk = forward ? result : [...result].reverse();
    const done = walk.map((column) => {
      const weights = new Map(column.map((key) => [key, weight(key, beside, places)]));
      const next = [...column].sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0));
      next.forEach((key, place) => places.set(key, place / next.length));
      return next;
    });
    result = forward ? done : done.reverse();
  }
  return result;
}

function weight(key: string, beside: Neighbours, places: ReadonlyMap<string, number>): number {
  const near = beside.get(key) ?? [];
  if (near.length === 0) return places.get(key) ?? 0;
  return near.reduce((sum, one) => sum + (places.get(one) ?? 0), 0) / near.length;
}
