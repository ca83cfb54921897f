import type { Action } from "../actions/action";
import { queueActive } from "./queueing";

export const RUNNING_ACTIONS: readonly Action[] = [
  { id: "running.queue", title: "running.queue", keys: ["Ctrl+Enter"], inText: true, run: queueActive },
];
