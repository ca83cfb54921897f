/** Where pictures are in a grid of equal squares. */

export interface GridShape {
  readonly columns: number;
  /** Height of a row, and width of a column, in pixels. */
  readonly row: number;
  readonly height: number;
}

/** As many columns of about the wanted width as fit; at least one. */
export function shapeOf(width: number, height: number, wanted: number): GridShape {
  const columns = Math.max(1, Math.round(width / wanted));
  return { columns, row: Math.max(1, Math.floor(width / columns)), height };
}

const BEYOND = 2; // rows above and below the screen that are there, too

/** The rows that have to be there: from `first` up to but without `last`. */
export function visibleRows(
  shape: GridShape,
  top: number,
  total: number,
): { readonly first: number; readonly last: number } {
  const rows = Math.ceil(total / shape.columns);
  const first = Math.max(0, Math.floor(top / shape.row) - BEYOND);
  const last = Math.min(rows, Math.ceil((top + shape.height) / shape.row) + BEYOND);
  return { first: Math.min(first, Math.max(0, rows - 1)), last };
}

/** Where a key leads from a place; null: it is none that leads anywhere. */
export function gridKey(key: string, place: number, shape: GridShape, count: number): number | null {
  const page = Math.max(1, Math.floor(shape.height / shape.row)) * shape.columns;
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -shape.columns,
    ArrowDown: shape.columns,
    PageUp: -page,
    PageDown: page,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  if (step === undefined || count === 0) return null;
  return Math.min(count - 1, Math.max(0, place + step));
}
