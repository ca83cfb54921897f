/** Former versions of what was edited in this browser. */

import { freshId } from "../document/fresh_id";
import type { Workflow } from "../document/workflow";
import type { Tab } from "../state/documents";
import { workflowOf } from "../state/documents";
import { readAll, write } from "./database";

const APART = 60_000; // ms between two kept versions of one document
const KEPT = 60; // versions of a document

/** A version that can be brought back. */
export interface LocalVersion {
  readonly id: string;
  readonly document: string;
  /** ms since 1970 */
  readonly time: number;
  readonly workflow: Workflow;
}

/** Keeps versions of tabs. */
export type VersionKeeper = (tabs: readonly Tab[]) => Promise<void>;

/** A keeper: the present state of each tab that was edited, at most one version a minute of each. */
export function versionKeeper(database: IDBDatabase): VersionKeeper {
  const newest = new Map<string, Pick<LocalVersion, "id" | "time">>();
  return async (tabs) => {
    for (const tab of tabs) {
      if (tab.history.past.length === 0 && tab.history.future.length === 0) continue; // just opened
      const document = documentOf(tab);
      const last = newest.get(document);
      const time = Date.now();
      // Within a minute the newest one moves along, so that the last state is always among them.
      const moves = last !== undefined && time - last.time < APART;
      const version = moves ? last : { id: freshId(), time };
      const old = moves ? [] : (await localVersions(database, tab)).slice(KEPT - 1);
      const entry: LocalVersion = { ...version, document, workflow: workflowOf(tab) };
      await write(
        database,
        "versions",
        [entry],
        old.map(({ id }) => id),
      );
      newest.set(document, version);
    }
  };
}

/** The versions of a tab's document, newest first. */
export async function localVersions(database: IDBDatabase, tab: Pick<Tab, "id" | "path">): Promise<LocalVersion[]> {
  const versions = await readAll<LocalVersion>(database, "versions", "document", documentOf(tab));
  return versions.sort((one, other) => other.time - one.time);
}

/** A file on the server is one document in whichever tab it is open. */
function documentOf(tab: Pick<Tab, "id" | "path">): string {
  return tab.path === null ? tab.id : `file:${tab.path}`;
}
