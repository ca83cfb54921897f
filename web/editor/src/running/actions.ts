import type { Action } from "../actions/action";
import { activeTab } from "../state/documents";
import type { AutoQueue } from "../state/runs";
import type { Studio } from "../state/studio";
import { cancelAll, cancelCurrent, ownLiveRuns } from "./cancelling";
import { queueActive, queueSelected } from "./queueing";

/** Whether something can be queued: a workflow is shown and the server is there. */
export function canQueue(studio: Studio): boolean {
  return studio.runs.getState().connection !== "lost" && activeTab(studio.documents.getState()) !== undefined;
}

function hasSelection(studio: Studio): boolean {
  return canQueue(studio) && (activeTab(studio.documents.getState())?.selection.nodes.size ?? 0) > 0;
}

function toggleAuto(studio: Studio, mode: AutoQueue): void {
  const { options } = studio.runs.getState();
  studio.runs.setState({ options: { ...options, auto: options.auto === mode ? "off" : mode } });
}

const RUNS = (studio: Studio): boolean => ownLiveRuns(studio).length > 0;

export const RUNNING_ACTIONS: readonly Action[] = [
  {
    id: "running.queue",
    title: "running.queue",
    keys: ["Ctrl+Enter"],
    inText: true,
    when: canQueue,
    run: async (studio) => void (await queueActive(studio)),
  },
  {
    id: "running.queueFront",
    title: "running.queueFront",
    keys: ["Ctrl+Shift+Enter"],
    inText: true,
    when: canQueue,
    run: async (studio) => void (await queueActive(studio, { front: true })),
  },
  {
    id: "running.queueUntil",
    title: "running.queueUntil",
    keys: ["Alt+Enter"],
    when: hasSelection,
    run: async (studio) => void (await queueSelected(studio)),
  },
  {
    id: "running.cancelCurrent",
    title: "running.cancelCurrent",
    keys: ["Ctrl+Alt+Enter"],
    inText: true,
    when: RUNS,
    run: cancelCurrent,
  },
  { id: "running.cancelAll", title: "running.cancelAll", when: RUNS, run: cancelAll },
  { id: "running.autoChange", title: "running.toggleAutoChange", run: (studio) => toggleAuto(studio, "change") },
  { id: "running.autoEndless", title: "running.toggleAutoEndless", run: (studio) => toggleAuto(studio, "endless") },
  { id: "running.panel", title: "running.showQueue", keys: ["Q"], run: (studio) => studio.ui.togglePanel("queue") },
  {
    id: "running.history",
    title: "running.showHistory",
    keys: ["H"],
    run: (studio) => studio.ui.togglePanel("history"),
  },
];
