import { useText } from "../i18n/use_text";

/** What runs and what waits. */
export function QueuePanel() {
  const t = useText();
  return <h2>{t("running.panel")}</h2>;
}
