/** What is on the canvas when the editor opens. */

import { ServerProblem } from "../api/server";
import type { Studio } from "../state/studio";
import { restoreDrafts } from "./drafts";
import { openFile, openTemplate } from "./opening";

const DEFAULT = "default";

/**
 * Bring back the tabs of last time; without any, open the default workflow, wired to checkpoints that are present.
 * `?workflow=path.json` in the page's address opens that one as well.
 */
export async function openStart(studio: Studio, page: Window): Promise<void> {
  const restored = await restoreDrafts(studio, page);
  if (restored === 0) await openTemplate(studio, { name: DEFAULT, title: studio.text("workflows.startDefault") });
  const asked = new URLSearchParams(page.location.search).get("workflow");
  if (asked) await openFile(studio, asked);
}

/** Read the node types; while the server has none (its worker starts), go on asking. */
export async function loadCatalogue(studio: Studio): Promise<void> {
  for (;;) {
    try {
      await studio.catalogue.load();
      return;
    } catch (error) {
      if (!(error instanceof ServerProblem)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
