/** Every former version of a tab's document: of this session, of this browser, of the server. */

import { readWorkflow } from "../document/read";
import type { Workflow } from "../document/workflow";
import type { Tab } from "../state/documents";
import { workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { openDatabase } from "./database";
import { fileVersions, readVersion } from "./server_files";
import { localVersions } from "./versions";

export interface FormerVersion {
  readonly id: string;
  readonly source: "browser" | "server";
  /** ms since 1970 */
  readonly time: number;
  /** Read when it is looked at; rejects with a ServerProblem when it is not there any more. */
  readonly read: () => Promise<Workflow>;
}

/** The versions of a tab's document, newest first. */
export async function formerVersions(studio: Studio, tab: Tab): Promise<FormerVersion[]> {
  const [local, remote] = await Promise.all([browserVersions(tab), serverVersions(studio, tab)]);
  return [...local, ...remote].sort((one, other) => other.time - one.time);
}

async function browserVersions(tab: Tab): Promise<FormerVersion[]> {
  const database = await openDatabase();
  if (database === null) return [];
  const versions = await localVersions(database, tab);
  database.close();
  return versions
    .filter((version) => version.workflow !== workflowOf(tab))
    .map(({ id, time, workflow }) => ({ id, source: "browser", time, read: () => Promise.resolve(workflow) }));
}

async function serverVersions({ server }: Studio, tab: Tab): Promise<FormerVersion[]> {
  const { path } = tab;
  if (path === null) return [];
  const versions = await fileVersions(server, path);
  return versions.map(({ revision, replaced }) => ({
    id: revision,
    source: "server",
    time: replaced * 1000,
    read: async () => readWorkflow(await readVersion(server, path, revision)).workflow,
  }));
}
