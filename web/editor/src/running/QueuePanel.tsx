import { useEffect, useRef, useState } from "react";
import { type JobRow, moveJob } from "../api/jobs";
import { useText } from "../i18n/use_text";
import { useRuns, useStudio } from "../state/studio";
import { told } from "./cancelling";
import { QueueHead } from "./QueueHead";
import { RunningJob, WaitingJob } from "./QueueJobs";
import { fetchPause } from "./truth";
import { useJobs } from "./use_jobs";

const MOST = 1000;
const SHOWN = 60;

/** What runs and what waits, in the order in which it will run. */
export function QueuePanel() {
  const t = useText();
  const studio = useStudio();
  const { page, details, refresh } = useJobs(["in_progress", "pending"], MOST, 0, SHOWN);
  const remaining = useRuns((state) => state.remaining);
  const [moved, setMoved] = useState("");
  const [dragged, setDragged] = useState<string | null>(null);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => void told(studio, () => fetchPause(studio)), [studio, remaining]);
  const jobs = page?.jobs ?? [];
  const running = jobs.filter((job) => job.status === "in_progress");
  const waiting = jobs.filter((job) => job.status === "pending").toSorted(byPlace);
  const move = async (id: string, place: number): Promise<void> => {
    const to = Math.max(0, Math.min(waiting.length - 1, place));
    if (!(await told(studio, () => moveJob(studio.server, id, to)))) return;
    setMoved(t("running.movedTo", { place: to + 1 }));
    refresh();
  };
  return (
    <section className="queue-panel">
      <h2>{t("running.panel")}</h2>
      <QueueHead waiting={waiting} refresh={refresh} />
      {page && jobs.length === 0 ? <p className="panel-empty">{t("running.nothingQueued")}</p> : null}
      {running.length > 0 ? (
        <>
          <h3>{t("running.isRunning")}</h3>
          <ol className="job-list">
            {running.map((job) => (
              <RunningJob key={job.id} row={job} detail={details.get(job.id)} refresh={refresh} />
            ))}
          </ol>
        </>
      ) : null}
      {waiting.length > 0 ? (
        <>
          <h3>{t("running.isWaiting", { count: waiting.length })}</h3>
          <ol className="job-list" ref={list}>
            {waiting.slice(0, SHOWN).map((job, place) => (
              <WaitingJob
                key={job.id}
                row={job}
                detail={details.get(job.id)}
                refresh={refresh}
                move={(steps) => void move(job.id, place + steps)}
                drag={() => setDragged(job.id)}
                drop={() => {
                  if (dragged && dragged !== job.id) void move(dragged, place);
                  setDragged(null);
                }}
              />
            ))}
          </ol>
          {waiting.length > SHOWN ? (
            <p className="panel-empty">{t("running.more", { count: waiting.length - SHOWN })}</p>
          ) : null}
        </>
      ) : null}
      <p className="visually-hidden" role="status">
        {moved}
      </p>
    </section>
  );
}

/** The lowest number runs first, the older of two equal ones before the younger. */
function byPlace(one: JobRow, other: JobRow): number {
  return one.priority - other.priority || one.create_time - other.create_time;
}
