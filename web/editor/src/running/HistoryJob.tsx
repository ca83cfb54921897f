import type { JobDetail, JobRow } from "../api/jobs";
import type { MessageKey } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import type { ShownFile } from "../state/runs";
import { useCatalogue, useStudio } from "../state/studio";
import { readableSeconds } from "./amounts";
import { JobPicture } from "./JobPicture";
import { openJob, rerunJob } from "./job_actions";
import { nodeTitle, pictureOf, picturesOf, secondsOf } from "./job_facts";
import { JobButton, useJobName } from "./QueueJobs";

interface Shown {
  readonly row: JobRow;
  readonly detail: JobDetail | undefined;
  /** The picture that the next one chosen is compared with. */
  readonly compared: ShownFile | null;
  readonly compare: (file: ShownFile) => void;
  readonly forget: () => void;
}

const STATES: Readonly<Record<string, MessageKey>> = {
  completed: "running.succeeded",
  failed: "running.failed",
  cancelled: "running.wasCancelled",
};

/** A job that ran: how it ended, how long it took, its pictures, and what can be done with it. */
export function HistoryJob({ row, detail, compared, compare, forget }: Shown) {
  const t = useText();
  const studio = useStudio();
  const name = useJobName(detail);
  const picture = pictureOf(row);
  const pictures = detail ? picturesOf(detail) : [];
  const seconds = secondsOf(row);
  const facts = [
    t(STATES[row.status] ?? "running.succeeded"),
    seconds === null ? null : readableSeconds(seconds),
    readableTime(row.create_time),
  ];
  return (
    <li className="job" data-status={row.status}>
      {picture ? (
        <button
          type="button"
          className="job-picture-button"
          aria-label={t("running.enlarge", { name: picture.filename })}
          onClick={() => studio.ui.show("picture", { files: pictures.length > 0 ? pictures : [picture], at: 0 })}
        >
          <JobPicture file={picture} />
          {pictures.length > 1 ? <span className="job-count">{pictures.length}</span> : null}
        </button>
      ) : (
        <JobPicture file={null} />
      )}
      <div className="job-body">
        <p className="job-name">{detail ? name : "…"}</p>
        <p className="job-facts">{facts.filter((fact) => fact !== null).join(" · ")}</p>
        {row.execution_error ? <Failure row={row} detail={detail} /> : null}
      </div>
      <div className="job-buttons">
        {detail ? (
          <JobButton icon="again" label={t("running.rerunJob", { name })} run={() => void rerunJob(studio, detail)} />
        ) : null}
        {detail ? (
          <JobButton
            icon="outside"
            label={t("running.openWorkflowOf", { name })}
            run={() => void openJob(studio, detail)}
          />
        ) : null}
        {picture ? (
          <JobButton
            icon="compare"
            label={t("running.compareJob", { name })}
            pressed={compared?.filename === picture.filename}
            run={() => compare(picture)}
          />
        ) : null}
        <JobButton icon="bin" label={t("running.forgetJob", { name })} run={forget} />
      </div>
    </li>
  );
}

function Failure({ row, detail }: Pick<Shown, "row" | "detail">) {
  const t = useText();
  const types = useCatalogue((state) => state.types);
  const { node_id: node, exception_message: message = "" } = row.execution_error ?? {};
  const [line] = message.trim().split("\n");
  const text = node
    ? t("running.jobFailed", { node: nodeTitle(detail?.workflow.prompt, node, types), message: line ?? "" })
    : t("running.jobFailedWhole", { message: line ?? "" });
  return <p className="job-error">{text}</p>;
}

/** The time of today, else the date with it. */
function readableTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? time.toLocaleTimeString() : time.toLocaleString();
}
