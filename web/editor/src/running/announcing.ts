/** How a run fares, where it is seen while the page is not looked at: its title, and a notification if wanted. */

import { isLive, type Run, type RunsState } from "../state/runs";
import type { Studio } from "../state/studio";
import { shareDone } from "./share";

const NAME = "Weft";

/** Follow the runs; the answer ends it. */
export function announceRuns(studio: Studio): () => void {
  return studio.runs.subscribe((now, before) => {
    if (now.runs === before.runs) return;
    const title = titleOf(now);
    if (document.title !== title) document.title = title;
    for (const run of now.runs.values()) {
      const old = before.runs.get(run.prompt);
      if (old && isLive(old) && !isLive(run)) ended(studio, run);
    }
  });
}

function titleOf(state: RunsState): string {
  const running = [...state.runs.values()].find((run) => run.status === "running");
  if (!running) return NAME;
  const share = shareDone(running, performance.now());
  return share === null ? `${NAME} · …` : `${NAME} · ${Math.round(100 * share)} %`;
}

function ended(studio: Studio, run: Run): void {
  if (run.status === "error") tellFailure(studio, run);
  if (!document.hidden || !wantsNotifications() || run.status === "cancelled") return;
  const text = studio.text(run.status === "success" ? "running.endedWell" : "running.endedBadly");
  new Notification(NAME, { body: text, tag: run.prompt });
}

function tellFailure(studio: Studio, run: Run): void {
  const nodes = studio.runs.getState().nodes.get(run.tab);
  const failed = [...(nodes ?? [])].find(
    ([, node]) => node.prompt === run.prompt && node.state === "failed" && node.problems?.[0]?.input !== undefined,
  );
  const problem = failed?.[1].problems?.[0];
  studio.ui.notify({
    tone: "problem",
    text: studio.text("running.endedBadly"),
    details: problem?.message ?? run.failure ?? "",
  });
}

const WANTED = "weft.notify";

/** Whether a person asked to be told of runs that end, and the browser lets the page do so. */
export function wantsNotifications(): boolean {
  return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(WANTED) === "yes";
}

/** Ask for it, or leave it; false: the browser does not allow it. */
export async function setNotifications(wanted: boolean): Promise<boolean> {
  if (wanted && (!("Notification" in window) || (await Notification.requestPermission()) !== "granted")) return false;
  localStorage.setItem(WANTED, wanted ? "yes" : "no");
  return true;
}
