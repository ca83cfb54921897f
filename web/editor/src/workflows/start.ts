/** What is on the canvas when the editor opens. */

import type { Workflow } from "../document/workflow";
import type { Studio } from "../state/studio";

/** Open the default workflow, wired to checkpoints that are present. */
export async function openDefault(studio: Studio): Promise<void> {
  const workflow = await studio.server.json<Workflow>("/api/templates/base_refiner.json");
  studio.documents.open(workflow, { name: "base + refiner" });
}
