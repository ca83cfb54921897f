/** The parts of the editor that actions belong to, by the first word of their ids. */

import type { Action } from "../actions/action";
import type { MessageKey } from "../i18n/messages";

export const GROUPS: readonly { readonly prefix: string; readonly title: MessageKey }[] = [
  { prefix: "running", title: "shell.groupRunning" },
  { prefix: "canvas", title: "shell.groupCanvas" },
  { prefix: "widgets", title: "widgets.group" },
  { prefix: "workflows", title: "shell.groupWorkflows" },
  { prefix: "library", title: "shell.groupLibrary" },
  { prefix: "inspect", title: "shell.groupInspect" },
  { prefix: "masks", title: "shell.groupMasks" },
  { prefix: "grid", title: "shell.groupGrid" },
  { prefix: "shell", title: "shell.groupShell" },
];

/** The group of an action; those of no other part are the editor's own. */
export function groupOf(action: Action): (typeof GROUPS)[number] | undefined {
  const prefix = action.id.split(".")[0];
  return GROUPS.find((group) => group.prefix === prefix) ?? GROUPS.at(-1);
}
