import { useEffect, useState } from "react";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { isLive, type Run, type RunsState } from "../state/runs";
import { useRuns, useStudio } from "../state/studio";
import { wholeSeconds } from "./amounts";
import { cancelCurrent } from "./cancelling";
import { secondsLeft, shareDone } from "./share";

const TICK = 250; // ms between two looks at the clock

/** How far the whole graph is, how long it takes yet, what waits, and the button that stops it. */
export function RunProgress() {
  const t = useText();
  const studio = useStudio();
  const run = useRuns(shownRun);
  const remaining = useRuns((state) => state.remaining);
  const paused = useRuns((state) => state.paused);
  return (
    <>
      {run ? <Progress run={run} /> : null}
      {paused === null ? null : (
        <button
          type="button"
          className="queue-chip"
          data-tone="warn"
          title={t("running.pausedWhy", { reason: paused })}
          onClick={() => studio.ui.setState({ panel: "queue" })}
        >
          {t("running.paused")}
        </button>
      )}
      {remaining > 0 ? (
        <button
          type="button"
          className="queue-chip"
          title={t("running.panel")}
          onClick={() => studio.ui.togglePanel("queue")}
        >
          {t("running.remaining", { count: remaining })}
        </button>
      ) : null}
      {run ? (
        <button
          type="button"
          className="icon-button cancel-run"
          aria-label={t("running.cancelCurrent")}
          title={`${t("running.cancelCurrent")} (Ctrl+Alt+Enter)`}
          onClick={() => void cancelCurrent(studio)}
        >
          <Icon name="stop" />
        </button>
      ) : null}
    </>
  );
}

/** The run at work, or the first that waits. */
function shownRun(state: RunsState): Run | undefined {
  const live = [...state.runs.values()].filter(isLive);
  return live.find((run) => run.status === "running") ?? live[0];
}

function Progress({ run }: { readonly run: Run }) {
  const t = useText();
  const now = useClock();
  const share = shareDone(run, now);
  const left = secondsLeft(run, now);
  const text = (): string => {
    if (run.status !== "running") return t("running.waiting");
    if (left !== null)
      return t(run.measured ? "running.left" : "running.leftGuessed", {
        time: wholeSeconds(Math.max(1, Math.ceil(left))),
      });
    return t("running.nodesDone", { count: run.nodesDone ?? 0 });
  };
  return (
    <div className="run-progress">
      <div
        className="run-bar"
        role="progressbar"
        aria-label={t("running.progress")}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.round(100 * share)}
        aria-valuetext={text()}
        data-unknown={share === null || undefined}
      >
        <span style={{ transform: `scaleX(${share ?? 1})` }} />
      </div>
      <span className="run-left">{text()}</span>
    </div>
  );
}

/** `performance.now()`, looked at a few times a second. */
function useClock(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), TICK);
    return () => clearInterval(timer);
  }, []);
  return now;
}
