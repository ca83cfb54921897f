/** Queueing without being asked: when the workflow of the active tab changes, or again and again. */

import type { Workflow } from "../document/workflow";
import { activeTab, workflowOf } from "../state/documents";
import { liveRun } from "../state/runs";
import type { Studio } from "../state/studio";
import { queueTab } from "./queueing";

/** ms that nothing may change before a changed workflow is queued. */
const PAUSE = 400;

/** Watch the documents and runs; the answer ends it. */
export function autoQueue(studio: Studio): () => void {
  const watcher = new Watcher(studio);
  const stops = [studio.documents.subscribe(() => watcher.look()), studio.runs.subscribe(() => watcher.look())];
  return () => {
    for (const stop of stops) stop();
    watcher.stop();
  };
}

class Watcher {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private seen: { readonly tab: string; readonly workflow: Workflow; readonly content: string } | null = null;

  constructor(private readonly studio: Studio) {}

  look(): void {
    const { options, connection } = this.studio.runs.getState();
    if (options.auto === "off" || connection !== "open") {
      this.seen = null;
      return;
    }
    if (this.busy) return;
    if (options.auto === "endless") this.again();
    else this.whenChanged();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private again(): void {
    const tab = activeTab(this.studio.documents.getState());
    if (tab && !liveRun(this.studio.runs.getState(), tab.id)) void this.queue(tab.id);
  }

  private whenChanged(): void {
    const tab = activeTab(this.studio.documents.getState());
    if (!tab) return;
    const workflow = workflowOf(tab);
    if (this.seen?.tab !== tab.id) this.seen = { tab: tab.id, workflow, content: contentOf(workflow) };
    if (this.seen.workflow === workflow) return;
    const { tab: id, content } = this.seen;
    const runs = this.studio.runs.getState();
    if (
      liveRun(runs, id) &&
      [...runs.runs.values()].some((run) => run.tab === id && (run.status === "queued" || run.status === "sending"))
    ) {
      return; // One waits already; when it begins, this is looked at again.
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (contentOf(workflow) !== content) void this.queue(id);
      else this.seen = { tab: id, workflow, content };
    }, PAUSE);
  }

  private async queue(tab: string): Promise<void> {
    this.busy = true;
    try {
      const done = await queueTab(this.studio, tab, { count: 1 });
      const { options } = this.studio.runs.getState();
      if (!done && options.auto === "endless") this.studio.runs.setState({ options: { ...options, auto: "off" } });
    } finally {
      const now = this.studio.documents.getState().tabs.find((one) => one.id === tab);
      if (now) this.seen = { tab, workflow: workflowOf(now), content: contentOf(workflowOf(now)) };
      this.busy = false;
      this.look();
    }
  }
}

/** What of a workflow matters to a run: moving a node does not. */
function contentOf(workflow: Workflow): string {
  const graphs = [workflow, ...(workflow.definitions?.subgraphs ?? [])];
  return JSON.stringify(
    graphs.map((graph) => [
      graph.links,
      graph.nodes.map((node) => [node.id, node.type, node.mode, node.widgets_values]),
    ]),
  );
}
