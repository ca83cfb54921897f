/** Asking the server again what there is to choose from. */

import { ServerProblem } from "../api/server";
import type { Studio } from "../state/studio";

/** Ask for what there is now: files and node packs that came since. Whether it worked; if not, a notice says why. */
export async function refreshChoices(studio: Studio): Promise<boolean> {
  try {
    await studio.catalogue.load();
    return true;
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    studio.ui.notify({ tone: "problem", text: error.message, details: error.details });
    return false;
  }
}
