import { useEffect, useState } from "react";
import { useText } from "../i18n/use_text";
import { DialogFrame } from "../shell/DialogFrame";
import type { DialogProps } from "../shell/dialog_props";
import { useDocuments, useStudio } from "../state/studio";
import { findMissing, type Missing, type MissingFile, replaceMissing } from "./missing";

/** Lists what a tab's workflow needs and the server lacks. `about.tab` is its id, `about.missing` what was found. */
export function MissingDialog({ about, close }: DialogProps) {
  const t = useText();
  const studio = useStudio();
  const tab = useDocuments((state) => state.tabs.find((one) => one.id === about["tab"]));
  const workflow = tab?.history.present.value;
  const [missing, setMissing] = useState(about["missing"] as Missing);
  useEffect(() => {
    const current = studio.documents.getState().tabs.find((one) => one.id === about["tab"]);
    if (current) void findMissing(studio, current).then(setMissing);
  }, [studio, about, workflow]);
  if (!tab) return null;
  const nothing = missing.types.length === 0 && missing.files.length === 0;
  return (
    <DialogFrame title={t("workflows.missingTitle", { name: tab.name })} close={close}>
      <div className="missing">
        <p className="hint">{nothing ? t("workflows.nothingMissing") : t("workflows.missingHint")}</p>
        {missing.types.length ? <h3>{t("workflows.missingTypes")}</h3> : null}
        <ul>
          {missing.types.map(({ type, nodes, remedy }) => (
            <li key={type}>
              <strong>{type}</strong>{" "}
              <span className="hint">
                {t("workflows.missingNodes", { nodes: nodes.join(", "), count: nodes.length })}
              </span>
              <p>{remedy}</p>
            </li>
          ))}
        </ul>
        {missing.files.length ? <h3>{t("workflows.missingFiles")}</h3> : null}
        <ul>
          {missing.files.map((file) => (
            <MissingFileRow
              key={`${file.node}.${file.input}`}
              file={file}
              choose={(value) => replaceMissing(studio, tab, file, value)}
            />
          ))}
        </ul>
      </div>
    </DialogFrame>
  );
}

function MissingFileRow({ file, choose }: { readonly file: MissingFile; readonly choose: (value: string) => void }) {
  const t = useText();
  return (
    <li>
      <strong>{file.value}</strong>{" "}
      <span className="hint">
        {t("workflows.missingWhere", { folder: file.folder, node: file.node, input: file.input })}
      </span>
      <p>{file.remedy}</p>
      {file.nearest.length ? (
        <p className="missing-choices">
          {t("workflows.useInstead")}
          {file.nearest.map((name) => (
            <button key={name} type="button" onClick={() => choose(name)}>
              {name}
            </button>
          ))}
        </p>
      ) : null}
      {file.url && /^https?:/.test(file.url) ? (
        <a href={file.url} target="_blank" rel="noopener noreferrer">
          {t("workflows.download")}
        </a>
      ) : null}
    </li>
  );
}
