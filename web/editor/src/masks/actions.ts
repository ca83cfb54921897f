import type { Action } from "../actions/action";

export const MASK_ACTIONS: readonly Action[] = [];
