import { useState } from "react";
import { forgetJobs, type JobRow } from "../api/jobs";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import type { ShownFile } from "../state/runs";
import { useStudio } from "../state/studio";
import { told } from "./cancelling";
import { HistoryJob } from "./HistoryJob";
import { useJobs } from "./use_jobs";

const PAGE = 20;

/** What ran: pages of it, newest first. */
export function HistoryPanel() {
  const t = useText();
  const studio = useStudio();
  const [offset, setOffset] = useState(0);
  const [compared, setCompared] = useState<ShownFile | null>(null);
  const [asking, setAsking] = useState(false);
  const { page, details, refresh } = useJobs(["completed", "failed", "cancelled"], PAGE, offset, PAGE);
  const total = page?.pagination.total ?? 0;
  const jobs = page?.jobs ?? [];
  const forget = async (job: JobRow): Promise<void> => {
    if (await told(studio, () => forgetJobs(studio.server, [job.id]))) refresh();
  };
  const clear = async (): Promise<void> => {
    setAsking(false);
    if (await told(studio, () => studio.server.json("/api/history", { body: { clear: true } }))) refresh();
  };
  const compare = (file: ShownFile): void => {
    if (compared) studio.ui.show("compare", { left: compared, right: file });
    setCompared(compared ? null : file);
  };
  return (
    <section className="history-panel">
      <h2>{t("running.history")}</h2>
      <div className="panel-tools">
        <button type="button" disabled={total === 0} aria-expanded={asking} onClick={() => setAsking(!asking)}>
          <Icon name="bin" /> {t("running.clearHistory")}
        </button>
      </div>
      {asking ? (
        <div className="panel-ask" role="group">
          <p>{t("running.clearHistoryAsk", { count: total })}</p>
          <button type="button" className="danger" onClick={() => void clear()}>
            {t("running.clearHistory")}
          </button>
          <button type="button" onClick={() => setAsking(false)}>
            {t("running.keep")}
          </button>
        </div>
      ) : null}
      {compared ? (
        <p className="panel-warning" role="status">
          {t("running.compareWith", { name: compared.filename })} …
        </p>
      ) : null}
      {page && total === 0 ? <p className="panel-empty">{t("running.noHistory")}</p> : null}
      <ol className="job-list">
        {jobs.map((job) => (
          <HistoryJob
            key={job.id}
            row={job}
            detail={details.get(job.id)}
            compared={compared}
            compare={compare}
            forget={() => void forget(job)}
          />
        ))}
      </ol>
      {total > PAGE ? <Pages offset={offset} total={total} go={setOffset} /> : null}
    </section>
  );
}

function Pages({
  offset,
  total,
  go,
}: {
  readonly offset: number;
  readonly total: number;
  readonly go: (offset: number) => void;
}) {
  const t = useText();
  const last = Math.min(total, offset + PAGE);
  return (
    <nav className="panel-pages" aria-label={t("running.page", { first: offset + 1, last, total })}>
      <button type="button" disabled={offset === 0} onClick={() => go(Math.max(0, offset - PAGE))}>
        {t("running.newer")}
      </button>
      <span>{t("running.page", { first: offset + 1, last, total })}</span>
      <button type="button" disabled={last >= total} onClick={() => go(offset + PAGE)}>
        {t("running.older")}
      </button>
    </nav>
  );
}
