import type { Action } from "../actions/action";

export const SHELL_ACTIONS: readonly Action[] = [
  { id: "shell.undo", title: "shell.undo", keys: ["Ctrl+Z"], run: (studio) => studio.documents.undo() },
  { id: "shell.redo", title: "shell.redo", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], run: (studio) => studio.documents.redo() },
];
