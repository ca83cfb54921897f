import { useText } from "../i18n/use_text";

/** What flowed through a wire. */
export function InspectorPanel() {
  const t = useText();
  return <h2>{t("inspect.panel")}</h2>;
}
