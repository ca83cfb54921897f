import { useCallback, useEffect, useState } from "react";
import { ServerProblem } from "../api/server";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { useDocuments, useSettings, useStudio } from "../state/studio";
import { chooseFiles, openFile } from "./opening";
import { deleteFile, listFiles, moveFile, type SavedFile } from "./server_files";
import { nameOf, pathFor, saveActive } from "./saving";

/** The workflows that lie on the server. */
export function WorkflowsPanel() {
  const t = useText();
  const studio = useStudio();
  const [files, problem, refresh] = useFiles();
  const [sought, setSought] = useState("");
  const found = files.filter((file) => file.path.toLowerCase().includes(sought.toLowerCase()));
  return (
    <>
      <h2>{t("workflows.panel")}</h2>
      <div className="panel-tools">
        <button type="button" onClick={() => void saveActive(studio)}>
          {t("workflows.save")}
        </button>
        <button type="button" onClick={() => chooseFiles(studio)}>
          {t("workflows.openFile")}
        </button>
      </div>
      <input
        type="search"
        className="panel-search"
        aria-label={t("workflows.search")}
        placeholder={t("workflows.search")}
        value={sought}
        onChange={(event) => setSought(event.target.value)}
      />
      {problem ? <p role="alert">{problem}</p> : null}
      {found.length === 0 && !problem ? (
        <p className="hint">{t(files.length ? "workflows.noneFound" : "workflows.none")}</p>
      ) : null}
      <ul className="file-list">
        {found.map((file) => (
          <FileRow key={file.path} file={file} changed={refresh} />
        ))}
      </ul>
    </>
  );
}

/** The saved files, read again whenever a tab was saved. */
function useFiles(): [readonly SavedFile[], string | null, () => void] {
  const studio = useStudio();
  const [files, setFiles] = useState<readonly SavedFile[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const revisions = useDocuments((state) => state.tabs.map((tab) => tab.revision).join());
  const refresh = useCallback(() => {
    listFiles(studio.server).then(
      (read) => {
        setFiles([...read].sort((one, other) => other.modified - one.modified));
        setProblem(null);
      },
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  }, [studio]);
  useEffect(refresh, [refresh, revisions]);
  return [files, problem, refresh];
}

function FileRow({ file, changed }: { readonly file: SavedFile; readonly changed: () => void }) {
  const t = useText();
  const studio = useStudio();
  const language = useSettings((settings) => settings.language);
  const [naming, setNaming] = useState<string | null>(null);
  const attempt = (work: Promise<unknown>): void => {
    work.then(changed, (error: unknown) => {
      if (!(error instanceof ServerProblem)) throw error;
      studio.ui.notify({ tone: "problem", text: error.message, details: error.details });
    });
  };
  const rename = (): void => {
    const to = naming === null ? null : pathFor(naming);
    setNaming(null);
    if (to !== null && to !== file.path) attempt(moveFile(studio.server, file.path, to));
  };
  if (naming !== null) {
    return (
      <li>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            rename();
          }}
        >
          <input
            autoFocus
            aria-label={t("workflows.name")}
            value={naming}
            onChange={(event) => setNaming(event.target.value)}
            onBlur={rename}
          />
        </form>
      </li>
    );
  }
  const name = nameOf(file.path);
  return (
    <li>
      <button type="button" className="file-name" onClick={() => void openFile(studio, file.path)}>
        <span>{name}</span>
        <small>
          {file.path.includes("/") ? `${file.path.slice(0, file.path.lastIndexOf("/"))} · ` : ""}
          {new Date(file.modified * 1000).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" })}
        </small>
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t("workflows.rename", { name })}
        title={t("workflows.rename", { name })}
        onClick={() => setNaming(file.path.replace(/\.json$/, ""))}
      >
        <Icon name="pencil" />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t("workflows.delete", { name })}
        title={t("workflows.delete", { name })}
        onClick={() => {
          attempt(deleteFile(studio.server, file.path));
          studio.ui.notify({
            tone: "info",
            text: t("workflows.deleted", { name }),
            details: t("workflows.deletedHint"),
          });
        }}
      >
        <Icon name="bin" />
      </button>
    </li>
  );
}
