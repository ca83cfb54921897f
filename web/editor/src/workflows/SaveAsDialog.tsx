import { useState } from "react";
import { useText } from "../i18n/use_text";
import { DialogFrame } from "../shell/DialogFrame";
import type { DialogProps } from "../shell/dialog_props";
import { useDocuments, useStudio } from "../state/studio";
import { pathFor, saveTab } from "./saving";

/** Asks under which name a tab is saved. `about.tab` is its id. */
export function SaveAsDialog({ about, close }: DialogProps) {
  const t = useText();
  const studio = useStudio();
  const tab = useDocuments((state) => state.tabs.find((one) => one.id === about["tab"]));
  const [name, setName] = useState(tab?.path?.replace(/\.json$/, "") ?? tab?.name ?? "");
  if (!tab) return null;
  const path = pathFor(name);
  const save = async (): Promise<void> => {
    if (path === null) return;
    const own = path === tab.path;
    close(); // What stands in the way is told in a notice, with what can be done.
    await saveTab(studio, tab, path, own ? tab.revision : null);
  };
  return (
    <DialogFrame title={t("workflows.saveAsTitle")} close={close}>
      <form
        className="save-as"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <label>
          <span>{t("workflows.name")}</span>
          <input
            data-focus
            value={name}
            aria-invalid={path === null}
            aria-describedby="save-as-hint"
            onChange={(event) => setName(event.target.value)}
            onFocus={(event) => event.target.select()}
          />
        </label>
        <p id="save-as-hint" className="hint">
          {path === null ? t("workflows.badName") : t("workflows.nameHint")}
        </p>
        <button type="submit" className="primary" disabled={path === null}>
          {t("workflows.save")}
        </button>
      </form>
    </DialogFrame>
  );
}
