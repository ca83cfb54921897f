import { useEffect, useState } from "react";
import type { Workflow } from "../document/workflow";
import { useText } from "../i18n/use_text";
import { DialogFrame } from "../shell/DialogFrame";
import type { DialogProps } from "../shell/dialog_props";
import { type Tab, workflowOf } from "../state/documents";
import { useDocuments, useSettings, useStudio } from "../state/studio";
import { Differences } from "./Differences";
import { type FormerVersion, formerVersions } from "./history_sources";

/** Former versions of a tab's document: look at the difference, restore one, or open it beside. `about.tab` is its id. */
export function VersionsDialog({ about, close }: DialogProps) {
  const t = useText();
  const studio = useStudio();
  const tab = useDocuments((state) => state.tabs.find((one) => one.id === about["tab"]));
  const [versions, setVersions] = useState<readonly FormerVersion[] | null>(null);
  const [chosen, setChosen] = useState<FormerVersion | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    const current = studio.documents.getState().tabs.find((one) => one.id === about["tab"]);
    if (!current) return;
    formerVersions(studio, current).then(
      (found) => {
        setVersions(found);
        setChosen(found[0] ?? null);
      },
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, [studio, about]);
  if (!tab) return null;
  return (
    <DialogFrame title={t("workflows.historyTitle", { name: tab.name })} close={close}>
      <div className="versions">
        {problem ? <p role="alert">{problem}</p> : null}
        {versions?.length === 0 ? <p className="hint">{t("workflows.historyNone")}</p> : null}
        <ul className="version-list">
          {versions?.map((version) => (
            <li key={version.id}>
              <button type="button" aria-pressed={version === chosen} onClick={() => setChosen(version)}>
                <Moment time={version.time} />
                <small>{t(version.source === "browser" ? "workflows.fromBrowser" : "workflows.fromServer")}</small>
              </button>
            </li>
          ))}
        </ul>
        {chosen ? <Chosen key={chosen.id} tab={tab} version={chosen} close={close} /> : null}
      </div>
    </DialogFrame>
  );
}

function Moment({ time }: { readonly time: number }) {
  const language = useSettings((settings) => settings.language);
  return (
    <time dateTime={new Date(time).toISOString()}>
      {new Date(time).toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" })}
    </time>
  );
}

interface Choosing {
  readonly tab: Tab;
  readonly version: FormerVersion;
  readonly close: () => void;
}

function Chosen({ tab, version, close }: Choosing) {
  const t = useText();
  const { documents, ui } = useStudio();
  const [workflow, setWorkflow] = useState<Workflow | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    version
      .read()
      .then(setWorkflow, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  }, [version]);
  if (problem) return <p role="alert">{problem}</p>;
  if (!workflow) return null;
  return (
    <div className="version-chosen">
      <h3>{t("workflows.differences")}</h3>
      <Differences from={workflowOf(tab)} to={workflow} />
      <div className="dialog-buttons">
        <button
          type="button"
          onClick={() => {
            documents.open(workflow, { name: tab.name });
            close();
          }}
        >
          {t("workflows.openVersion")}
        </button>
        <button
          type="button"
          className="primary"
          onClick={() => {
            documents.replace(tab.id, "workflows.restoreEdit", workflow);
            ui.notify({ tone: "success", text: t("workflows.restored") });
            close();
          }}
        >
          {t("workflows.restore")}
        </button>
      </div>
    </div>
  );
}
