import { useText } from "../i18n/use_text";

/** What was made, to look at and to open again. */
export function GalleryPanel() {
  const t = useText();
  return <h2>{t("gallery.panel")}</h2>;
}
