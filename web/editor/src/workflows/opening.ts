/** From files, pictures, templates and the server's folder to tabs. Whatever cannot be opened changes nothing. */

import { ServerProblem } from "../api/server";
import { savedAxes } from "../document/axes";
import { readFile as readWorkflowFile } from "../document/embedded";
import { type ReadWorkflow, readWorkflow } from "../document/read";
import type { Workflow } from "../document/workflow";
import { addPictureNode } from "../library/picture_node";
import { activeTab, type Opening, type Tab, workflowOf } from "../state/documents";
import type { Notice } from "../state/ui";
import type { Studio } from "../state/studio";
import { refreshChoices } from "../widgets/refreshing";
import { findMissing } from "./missing";
import { nameOf } from "./saving";
import { readFile } from "./server_files";
import { readTemplate, type Template } from "./templates";

const LARGEST = 200 * 2 ** 20; // bytes; larger files are no workflows

/** Open files that a person dropped or chose, each in a tab of its own. */
export async function importFiles(studio: Studio, files: readonly File[]): Promise<void> {
  for (const file of files) {
    const asPicture = { title: studio.text("workflows.addPicture"), run: () => void addPictureNode(studio, file) };
    const instead = file.type.startsWith("image/") && activeTab(studio.documents.getState()) ? asPicture : undefined;
    await attempt(studio, file.name, instead, async () => {
      if (file.size > LARGEST)
        throw new Error(studio.text("workflows.tooLarge", { size: Math.round(file.size / 2 ** 20) }));
      openRead(studio, await readWorkflowFile(file, studio.catalogue.getState().types), { name: nameOf(file.name) });
    });
  }
}

/** Let a person choose files of this machine. */
export function chooseFiles(studio: Studio): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = ".json,.png,.webp,.jpg,.jpeg,.avif,.latent,.safetensors";
  input.onchange = () => void importFiles(studio, [...(input.files ?? [])]);
  input.click();
}

/** Open a workflow that lies on the server; one that is open already is shown. */
export async function openFile(studio: Studio, path: string): Promise<void> {
  const open = studio.documents.getState().tabs.find((tab) => tab.path === path);
  if (open) {
    studio.documents.activate(open.id);
    return;
  }
  await attempt(studio, path, undefined, async () => {
    const { text, revision } = await readFile(studio.server, path);
    openText(studio, text, { name: nameOf(path), path, revision, saved: true });
  });
}

/** Open a template as a new workflow; one that is there for its grid shows that. */
export async function openTemplate(studio: Studio, template: Pick<Template, "name" | "title">): Promise<void> {
  await attempt(studio, template.title, undefined, async () => {
    openText(studio, await readTemplate(studio.server, template.name), { name: template.title });
    const tab = activeTab(studio.documents.getState());
    if (tab && takesFiles(studio, tab)) void refreshChoices(studio); // the server has put its pictures among the inputs
    if (tab && savedAxes(workflowOf(tab))) studio.ui.show("grid", { tab: tab.id });
  });
}

function takesFiles(studio: Studio, tab: Tab): boolean {
  const { types } = studio.catalogue.getState();
  return workflowOf(tab).nodes.some((node) => types.get(node.type)?.inputs.some((input) => input.upload));
}

/** Open the text of a workflow or prompt; throws a WorkflowError with sentences when it is none. */
export function openText(studio: Studio, text: string, opening: Opening): void {
  openRead(studio, readWorkflow(text, studio.catalogue.getState().types), opening);
}

function openRead(studio: Studio, { workflow, problems }: ReadWorkflow, opening: Opening): void {
  openWorkflow(studio, workflow, opening);
  if (problems.length === 0) return;
  studio.ui.notify({
    tone: "problem",
    text: studio.text("workflows.openedWith", { name: opening.name }),
    details: problems.map((problem) => problem.text).join("\n"),
  });
}

/** Open a workflow in a tab, and say what it lacks. */
export function openWorkflow(studio: Studio, workflow: Workflow, opening: Opening): void {
  const id = studio.documents.open(workflow, opening);
  void tellMissing(studio, id);
}

/** A notice about what a tab's workflow needs and the server lacks. */
async function tellMissing(studio: Studio, id: string): Promise<void> {
  const tab = studio.documents.getState().tabs.find((one) => one.id === id);
  if (!tab) return;
  const missing = await findMissing(studio, tab);
  const names = [...missing.types.map(({ type }) => type), ...missing.files.map(({ value }) => value)];
  if (names.length === 0) return;
  studio.ui.notify({
    tone: "problem",
    about: "missing",
    text: studio.text("workflows.missingNotice", { name: tab.name, count: names.length }),
    details: names.slice(0, 5).join("\n") + (names.length > 5 ? "\n…" : ""),
    action: { title: studio.text("workflows.show"), run: () => studio.ui.show("missing", { tab: id, missing }) },
  });
}

/** Do something that opens; what goes wrong is told, with the name of what could not be opened, and what else can be done. */
async function attempt(
  studio: Studio,
  name: string,
  instead: Notice["action"],
  open: () => Promise<void>,
): Promise<void> {
  try {
    await open();
  } catch (error) {
    const details =
      error instanceof ServerProblem
        ? `${error.message} ${error.details}`
        : error instanceof Error
          ? error.message
          : String(error);
    studio.ui.notify({
      tone: "problem",
      text: studio.text("workflows.cannotOpen", { name }),
      details,
      ...(instead ? { action: instead } : {}),
    });
  }
}
