/** Autosave: every open tab is kept in the browser a moment after each change, and comes back when the page does. */

import { freshId } from "../document/fresh_id";
import type { Workflow } from "../document/workflow";
import type { Tab } from "../state/documents";
import { isChanged, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { openDatabase, readAll, write } from "./database";
import { versionKeeper } from "./versions";
import { claimWindow } from "./windows";

const PAUSE = 800; // ms after the last change

/** A tab as it is kept. */
interface Draft {
  readonly id: string;
  readonly window: string;
  readonly place: number;
  readonly active: boolean;
  readonly name: string;
  readonly path: string | null;
  readonly revision: string | null;
  /** It was on the server as it is here. */
  readonly saved: boolean;
  readonly workflow: Workflow;
}

/** Bring back the tabs of this window, then keep them up to date; the answer says how many came back. */
export async function restoreDrafts(studio: Studio, page: Window): Promise<number> {
  const database = await openDatabase();
  if (database === null) return 0;
  const drafts = await readAll<Draft>(database, "drafts");
  const windows = await claimWindow(page, freshId, [...new Set(drafts.map((draft) => draft.window))]);
  const shown = drafts.filter((draft) => draft.window === windows.own || windows.left.includes(draft.window));
  shown.sort((one, other) => one.place - other.place);
  for (const draft of shown) studio.documents.open(draft.workflow, draft);
  const active = shown.find((draft) => draft.active) ?? shown.at(-1);
  if (active) studio.documents.activate(active.id);
  follow(studio, page, database, windows.own);
  return shown.length;
}

function follow(studio: Studio, page: Window, database: IDBDatabase, window: string): void {
  let written = new Map<string, Tab>();
  const keepVersions = versionKeeper(database);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    const { tabs, active } = studio.documents.getState();
    const gone = [...written.keys()].filter((id) => !tabs.some((tab) => tab.id === id));
    const before = written;
    written = new Map(tabs.map((tab) => [tab.id, tab]));
    try {
      await write(
        database,
        "drafts",
        tabs.map((tab, place) => draftOf(tab, place, tab.id === active, window)),
        gone,
      );
      await keepVersions(tabs.filter((tab) => before.get(tab.id)?.history.present !== tab.history.present));
    } catch (error) {
      written = before;
      studio.ui.notify({ tone: "problem", text: studio.text("workflows.notKept"), details: String(error) });
    }
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), PAUSE);
  };
  studio.documents.subscribe((state, before) => {
    if (state.active !== before.active || !sameDocuments(state.tabs, before.tabs)) soon();
  });
  page.addEventListener("visibilitychange", () => void flush());
  soon();
}

function sameDocuments(now: readonly Tab[], before: readonly Tab[]): boolean {
  return now.length === before.length && now.every((tab, place) => sameDocument(tab, before[place]));
}

function sameDocument(tab: Tab, before: Tab | undefined): boolean {
  return (
    before !== undefined &&
    tab.id === before.id &&
    tab.name === before.name &&
    tab.path === before.path &&
    tab.saved === before.saved &&
    tab.history.present === before.history.present
  );
}

function draftOf(tab: Tab, place: number, active: boolean, window: string): Draft {
  const { id, name, path, revision } = tab;
  return { id, window, place, active, name, path, revision, saved: !isChanged(tab), workflow: workflowOf(tab) };
}
