import { useText } from "../i18n/use_text";
import type { DialogProps } from "../shell/dialogs";

/** Paints the mask of a picture. */
export function MaskEditor({ close }: DialogProps) {
  const t = useText();
  return (
    <section aria-label={t("masks.title")}>
      <button type="button" onClick={close}>
        {t("shell.close")}
      </button>
    </section>
  );
}
