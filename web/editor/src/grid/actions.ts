import type { Action } from "../actions/action";

export const GRID_ACTIONS: readonly Action[] = [];
