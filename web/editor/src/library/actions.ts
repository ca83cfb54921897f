import type { Action } from "../actions/action";

export const LIBRARY_ACTIONS: readonly Action[] = [];
