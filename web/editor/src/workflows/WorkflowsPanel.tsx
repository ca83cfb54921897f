import { useText } from "../i18n/use_text";

/** What was saved on the server. */
export function WorkflowsPanel() {
  const t = useText();
  return <h2>{t("workflows.panel")}</h2>;
}
