import { useText } from "../i18n/use_text";
import { useRuns } from "../state/studio";

/** Says so while the server cannot be reached. */
export function ConnectionLine() {
  const t = useText();
  const lost = useRuns((state) => state.connection === "lost");
  return lost ? (
    <p className="connection-line" role="status">
      {t("shell.lost")}
    </p>
  ) : null;
}
