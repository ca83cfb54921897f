import { useState } from "react";
import { cancelJobs, type JobRow, pauseQueue, resumeQueue } from "../api/jobs";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { useRuns, useStudio } from "../state/studio";
import { told } from "./cancelling";
import { fetchPause } from "./truth";

/** Pausing the queue, with a reason for others, and clearing it. */
export function QueueHead({ waiting, refresh }: { readonly waiting: readonly JobRow[]; readonly refresh: () => void }) {
  const t = useText();
  const studio = useStudio();
  const paused = useRuns((state) => state.paused);
  const [asking, setAsking] = useState<"pause" | "clear" | null>(null);
  const change = async (ask: () => Promise<void>): Promise<void> => {
    setAsking(null);
    if (await told(studio, ask)) await told(studio, () => fetchPause(studio));
    refresh();
  };
  return (
    <>
      <div className="panel-tools">
        {paused === null ? (
          <button
            type="button"
            aria-expanded={asking === "pause"}
            onClick={() => setAsking(asking === "pause" ? null : "pause")}
          >
            <Icon name="pause" /> {t("running.pause")}
          </button>
        ) : (
          <button type="button" className="primary" onClick={() => void change(() => resumeQueue(studio.server))}>
            <Icon name="play" /> {t("running.resume")}
          </button>
        )}
        <button
          type="button"
          disabled={waiting.length === 0}
          aria-expanded={asking === "clear"}
          onClick={() => setAsking(asking === "clear" ? null : "clear")}
        >
          <Icon name="bin" /> {t("running.clear")}
        </button>
      </div>
      {paused === null ? null : (
        <p className="panel-warning" role="status">
          {t("running.pausedWhy", { reason: paused })}
        </p>
      )}
      {asking === "pause" ? (
        <PauseForm done={(reason) => void change(() => pauseQueue(studio.server, reason))} />
      ) : null}
      {asking === "clear" ? (
        <div className="panel-ask" role="group">
          <p>{t("running.cleared", { count: waiting.length })}</p>
          <button
            type="button"
            className="danger"
            onClick={() =>
              void change(() =>
                cancelJobs(
                  studio.server,
                  waiting.map((job) => job.id),
                ),
              )
            }
          >
            {t("running.clearNow")}
          </button>
          <button type="button" onClick={() => setAsking(null)}>
            {t("running.keep")}
          </button>
        </div>
      ) : null}
    </>
  );
}

function PauseForm({ done }: { readonly done: (reason: string) => void }) {
  const t = useText();
  const [reason, setReason] = useState("");
  return (
    <form
      className="panel-ask"
      onSubmit={(event) => {
        event.preventDefault();
        done(reason.trim());
      }}
    >
      <input
        autoFocus
        value={reason}
        placeholder={t("running.pauseReason")}
        aria-label={t("running.pauseReason")}
        onChange={(event) => setReason(event.target.value)}
      />
      <button type="submit" className="primary">
        {t("running.pause")}
      </button>
    </form>
  );
}
