/** The grids of this page: which cells there are, and what has become of each. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Json } from "../document/json";
import type { Workflow } from "../document/workflow";
import type { ShownFile } from "./runs";
import type { Axes } from "../document/axes";

export type CellStatus = "waiting" | "running" | "done" | "failed" | "cancelled";

export interface Cell {
  readonly x: Json;
  readonly y: Json | null;
  /** The job that makes it. */
  readonly prompt: string;
  /** The workflow with this cell's values. */
  readonly workflow: Workflow;
  readonly status: CellStatus;
  readonly file: ShownFile | null;
  readonly problem: string | null;
}

export interface Grid {
  readonly axes: Axes;
  /** Row by row. */
  readonly cells: readonly Cell[];
}

/** The newest grid of each tab. */
export interface GridsState {
  readonly grids: ReadonlyMap<string, Grid>;
}

export interface Grids extends StoreApi<GridsState> {
  begin(tab: string, grid: Grid): void;
  /** Change the cell of a job, whichever grid it is in. */
  change(prompt: string, fields: Partial<Cell>): void;
}

export function createGrids(): Grids {
  const store = createStore<GridsState>(() => ({ grids: new Map() }));
  return {
    ...store,
    begin: (tab, grid) => store.setState((state) => ({ grids: new Map(state.grids).set(tab, grid) })),
    change(prompt, fields) {
      store.setState((state) => {
        for (const [tab, grid] of state.grids) {
          if (!grid.cells.some((cell) => cell.prompt === prompt)) continue;
          const cells = grid.cells.map((cell) => (cell.prompt === prompt ? { ...cell, ...fields } : cell));
          return { grids: new Map(state.grids).set(tab, { ...grid, cells }) };
        }
        return state;
      });
    },
  };
}
