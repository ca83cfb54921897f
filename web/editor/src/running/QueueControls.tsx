import { useId, useState } from "react";
import { useText } from "../i18n/use_text";
import { useDocuments, useRuns, useStudio } from "../state/studio";
import { QueueMenu } from "./QueueMenu";
import { queueActive } from "./queueing";
import { RunProgress } from "./RunProgress";

const MOST_AT_ONCE = 1000;

/** What queues the shown workflow: how far it is, how many times, the button, and what else can be done. */
export function QueueControls() {
  const t = useText();
  const studio = useStudio();
  const reasonId = useId();
  const away = useRuns((state) => state.connection === "lost");
  const nothing = useDocuments((state) => state.active === null);
  const auto = useRuns((state) => state.options.auto);
  const reason = away ? t("running.away") : nothing ? t("running.nothingShown") : null;
  return (
    <div className="queue-controls">
      <RunProgress />
      <div className="queue-buttons">
        <CountField />
        <button
          type="button"
          className="primary queue-button"
          disabled={reason !== null}
          title={reason ?? `${t("running.queue")} (Ctrl+Enter)`}
          aria-describedby={reason === null ? undefined : reasonId}
          onClick={() => void queueActive(studio)}
        >
          {t("running.queue")}
          {auto === "off" ? null : (
            <small>{t(auto === "change" ? "running.autoChangeShort" : "running.autoEndlessShort")}</small>
          )}
        </button>
        <QueueMenu />
      </div>
      {reason === null ? null : (
        <span id={reasonId} className="visually-hidden">
          {reason}
        </span>
      )}
    </div>
  );
}

/** How many jobs a press of the button makes. While it is written it may be anything; left, it is a number again. */
function CountField() {
  const t = useText();
  const { runs } = useStudio();
  const options = useRuns((state) => state.options);
  const [written, setWritten] = useState<string | null>(null);
  const set = (text: string): void => {
    setWritten(text);
    const count = Math.floor(Number(text));
    if (count >= 1) runs.setState({ options: { ...options, count: Math.min(count, MOST_AT_ONCE) } });
  };
  return (
    <label className="queue-count" title={t("running.count")}>
      <span aria-hidden="true">×</span>
      <input
        type="number"
        min={1}
        max={MOST_AT_ONCE}
        aria-label={t("running.count")}
        value={written ?? options.count}
        onChange={(event) => set(event.target.value)}
        onBlur={() => setWritten(null)}
      />
    </label>
  );
}
