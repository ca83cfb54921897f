import { useText } from "../i18n/use_text";

/** Workflows to begin with. */
export function TemplatesPanel() {
  const t = useText();
  return <h2>{t("templates.panel")}</h2>;
}
