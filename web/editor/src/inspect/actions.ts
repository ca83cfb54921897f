import type { Action } from "../actions/action";

export const INSPECT_ACTIONS: readonly Action[] = [];
