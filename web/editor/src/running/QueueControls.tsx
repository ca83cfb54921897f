import { useText } from "../i18n/use_text";
import { useStudio } from "../state/studio";
import { queueActive } from "./queueing";

/** The button that queues the shown workflow, and what belongs to it. */
export function QueueControls() {
  const t = useText();
  const studio = useStudio();
  return (
    <button type="button" className="primary" onClick={() => void queueActive(studio)}>
      {t("running.queue")}
    </button>
  );
}
