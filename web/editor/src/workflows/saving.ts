/** From a tab to a file on the server, without ever writing over what somebody else saved. */

import { ServerProblem } from "../api/server";
import { writeWorkflow } from "../document/write";
import type { Tab } from "../state/documents";
import { activeTab, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { readFile, writeFile } from "./server_files";

/** Save the active tab where it lies; ask for a name the first time. */
export async function saveActive(studio: Studio): Promise<void> {
  const tab = activeTab(studio.documents.getState());
  if (!tab) return;
  if (tab.path === null) studio.ui.show("saveAs", { tab: tab.id });
  else await saveTab(studio, tab, tab.path, tab.revision);
}

/** Save a tab under a path; the answer says whether it is saved. `revision` null: the name has to be free. */
export async function saveTab(studio: Studio, tab: Tab, path: string, revision: string | null): Promise<boolean> {
  const workflow = workflowOf(tab);
  try {
    const written = await writeFile(studio.server, path, fileOf(tab), revision);
    studio.documents.update(tab.id, { path, name: nameOf(path), revision: written, saved: workflow });
    studio.ui.notify({ tone: "success", text: studio.text("workflows.savedAs", { path }) });
    return true;
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    if (error.status === 412 || error.status === 409) offerOverwrite(studio, tab, path);
    else
      studio.ui.notify({
        tone: "problem",
        text: studio.text("workflows.notSaved", { reason: error.message }),
        details: error.details,
      });
    return false;
  }
}

/** The text of a tab's file; `indent` makes it one for people. What was not edited is written as it was read. */
export function fileOf(tab: Tab, indent?: number): string {
  const opened = tab.history.past[0] ?? tab.history.present;
  return writeWorkflow(workflowOf(tab), opened.value, indent);
}

/** Somebody saved under this name since: the person decides, and the other content stays among the versions. */
function offerOverwrite(studio: Studio, tab: Tab, path: string): void {
  studio.ui.notify({
    tone: "problem",
    text: studio.text("workflows.savedElsewhere", { path }),
    details: studio.text("workflows.savedElsewhereHint"),
    action: {
      title: studio.text("workflows.overwrite"),
      run: () =>
        void readFile(studio.server, path)
          .then(({ revision }) => saveTab(studio, tab, path, revision))
          .catch((error: unknown) => studio.ui.notify({ tone: "problem", text: String(error) })),
    },
  });
}

/** `portraits/anna.json` is called anna, and so is `anna.png`. */
export function nameOf(path: string): string {
  return (path.split("/").at(-1) ?? path).replace(/\.(json|png|webp|jpe?g|avif|latent|safetensors)$/i, "");
}

/** A path for a name that a person typed, or null when it cannot be one. */
export function pathFor(name: string): string | null {
  const parts = name
    .trim()
    .replace(/\.json$/i, "")
    .split("/")
    .map((part) => part.trim());
  if (parts.some((part) => part === "" || part.startsWith(".") || /[\\:*?"<>|\x00-\x1f]/.test(part))) return null;
  return `${parts.join("/")}.json`;
}
