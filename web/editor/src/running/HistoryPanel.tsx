import { useText } from "../i18n/use_text";

/** What ran. */
export function HistoryPanel() {
  const t = useText();
  return <h2>{t("running.history")}</h2>;
}
