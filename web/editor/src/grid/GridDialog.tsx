import { useText } from "../i18n/use_text";
import type { DialogProps } from "../shell/dialogs";

/** Sweeps inputs over values. */
export function GridDialog({ close }: DialogProps) {
  const t = useText();
  return (
    <section aria-label={t("grid.title")}>
      <button type="button" onClick={close}>
        {t("shell.close")}
      </button>
    </section>
  );
}
