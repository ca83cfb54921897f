import { useEffect, useState } from "react";
import { cancelJob, fetchStatus, type JobDetail, type JobRow, type ServerStatus } from "../api/jobs";
import { useText } from "../i18n/use_text";
import { Icon, type IconName } from "../shell/Icon";
import type { Run } from "../state/runs";
import { useCatalogue, useRuns, useStudio } from "../state/studio";
import { told } from "./cancelling";
import { JobPicture } from "./JobPicture";
import { openJob, rerunJob } from "./job_actions";
import { excerptOf } from "./job_facts";
import { shareDone } from "./share";

interface Shown {
  readonly row: JobRow;
  readonly detail: JobDetail | undefined;
  readonly refresh: () => void;
}

/** A job at work, with its progress; that of other clients' is asked for. */
export function RunningJob({ row, detail, refresh }: Shown) {
  const t = useText();
  const run = useRuns((state) => state.runs.get(row.id));
  const preview = useRuns((state) => (run ? latestPreview(state.nodes.get(run.tab), row.id) : null));
  const told = useForeignProgress(row.id, run);
  const share = run
    ? shareDone(run, performance.now())
    : told && told.nodes_total > 0
      ? told.nodes_done / told.nodes_total
      : null;
  return (
    <li className="job" data-status={row.status}>
      <JobPicture file={null} preview={preview} />
      <div className="job-body">
        <JobName row={row} detail={detail} />
        <div
          className="run-bar"
          role="progressbar"
          aria-label={t("running.progress")}
          aria-valuenow={share === null ? undefined : Math.round(100 * share)}
          data-unknown={share === null || undefined}
        >
          <span style={{ transform: `scaleX(${share ?? 1})` }} />
        </div>
      </div>
      <JobButtons row={row} detail={detail} refresh={refresh} />
    </li>
  );
}

interface Movable extends Shown {
  readonly move: (steps: number) => void;
  readonly drag: () => void;
  readonly drop: () => void;
}

/** A job that waits; it can be dragged, or moved by Alt and the arrow keys. */
export function WaitingJob({ row, detail, refresh, move, drag, drop }: Movable) {
  const t = useText();
  const [over, setOver] = useState(false);
  const key = (event: React.KeyboardEvent): void => {
    const steps = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || steps === undefined) return;
    event.preventDefault();
    move(steps);
  };
  return (
    <li
      className="job"
      data-status={row.status}
      data-over={over || undefined}
      tabIndex={0}
      draggable
      title={t("running.moveHint")}
      onKeyDown={key}
      onDragStart={drag}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        drop();
      }}
    >
      <div className="job-body">
        <JobName row={row} detail={detail} />
      </div>
      <JobButtons row={row} detail={detail} refresh={refresh} move={move} />
    </li>
  );
}

function JobName({ row, detail }: Pick<Shown, "row" | "detail">) {
  const t = useText();
  const { socket } = useStudio();
  const name = useJobName(detail);
  const isOther = detail !== undefined && detail.workflow.extra_data.client_id !== socket.clientId;
  return (
    <>
      <p className="job-name">{detail ? name : "…"}</p>
      <p className="job-facts">
        <time dateTime={new Date(row.create_time).toISOString()}>{new Date(row.create_time).toLocaleTimeString()}</time>
        {isOther ? <span className="job-other">{t("running.otherClient")}</span> : null}
      </p>
    </>
  );
}

/** What a job is called: the beginning of its prompt. */
export function useJobName(detail: JobDetail | undefined): string {
  const t = useText();
  const types = useCatalogue((state) => state.types);
  return (detail && excerptOf(detail.workflow.prompt, types)) || t("running.untitledJob");
}

function JobButtons({ row, detail, refresh, move }: Shown & { readonly move?: (steps: number) => void }) {
  const t = useText();
  const studio = useStudio();
  const name = useJobName(detail);
  const cancel = async (): Promise<void> => {
    await told(studio, () => cancelJob(studio.server, row.id));
    refresh();
  };
  return (
    <div className="job-buttons">
      {move ? <JobButton icon="up" label={t("running.moveUp", { name })} run={() => move(-1)} /> : null}
      {move ? <JobButton icon="down" label={t("running.moveDown", { name })} run={() => move(1)} /> : null}
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
      <JobButton icon="close" label={t("running.cancelJob", { name })} run={() => void cancel()} />
    </div>
  );
}

export function JobButton({
  icon,
  label,
  run,
  pressed,
}: {
  readonly icon: IconName;
  readonly label: string;
  readonly run: () => void;
  readonly pressed?: boolean;
}) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} aria-pressed={pressed} onClick={run}>
      <Icon name={icon} />
    </button>
  );
}

function latestPreview(
  nodes: ReadonlyMap<string, { readonly preview?: string | null; readonly prompt?: string }> | undefined,
  prompt: string,
): string | null {
  for (const node of nodes?.values() ?? []) if (node.preview && node.prompt === prompt) return node.preview;
  return null;
}

/** Progress of a job that nobody tells this page of. */
function useForeignProgress(id: string, run: Run | undefined): ServerStatus["running"][number] | null {
  const { server } = useStudio();
  const [progress, setProgress] = useState<ServerStatus["running"][number] | null>(null);
  useEffect(() => {
    if (run) return;
    const ask = async (): Promise<void> => {
      const status = await fetchStatus(server).catch(() => null); // asked again in a second
      setProgress(status?.running.find((one) => one.id === id) ?? null);
    };
    void ask();
    const timer = setInterval(() => void ask(), 1000);
    return () => clearInterval(timer);
  }, [server, id, run]);
  return progress;
}
