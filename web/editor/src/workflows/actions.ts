import type { Action } from "../actions/action";

export const WORKFLOW_ACTIONS: readonly Action[] = [];
