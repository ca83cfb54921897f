/** Workflows to begin with, as the server offers them. */

import type { Server } from "../api/server";

export interface Template {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  /** The address of its picture. */
  readonly picture: string;
  readonly tags: readonly string[];
  /** How long it took on the machine where that was measured. */
  readonly seconds: number | null;
  readonly needs: readonly string[];
}

/** All of them, in the order to show. */
export function listTemplates(server: Server): Promise<readonly Template[]> {
  return server.json<readonly Template[]>("/api/templates/index");
}

/** The text of one, with the models and sizes of this server. */
export async function readTemplate(server: Server, name: string): Promise<string> {
  return (await server.fetch(`/api/templates/${encodeURIComponent(name)}.json?fit=true`)).text();
}
