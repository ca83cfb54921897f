/** Loads, once the editor can be used, what it left for later: whatever happens to the server then, all of it is there. */

import { DIALOGS } from "./dialogs";
import { INSPECTOR, PANELS } from "./panels";

/** Load everything; what cannot be loaded now is tried again when it is wanted. */
export async function loadTheRest(): Promise<void> {
  const parts = [...PANELS.map((panel) => panel.content), INSPECTOR, ...Object.values(DIALOGS)];
  await Promise.allSettled(parts.map((part) => part.load()));
}
