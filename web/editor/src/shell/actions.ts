import type { Action } from "../actions/action";

/** Undo and redo, and what concerns the editor as a whole. */
export const SHELL_ACTIONS: readonly Action[] = [
  { id: "shell.undo", title: "shell.undo", keys: ["Ctrl+Z"], run: (studio) => studio.documents.undo() },
  { id: "shell.redo", title: "shell.redo", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], run: (studio) => studio.documents.redo() },
  {
    id: "shell.commands",
    title: "shell.commands",
    keys: ["Ctrl+K", "F1"],
    inText: true,
    run: ({ ui }) => ui.show("commands"),
  },
  {
    id: "shell.settings",
    title: "shell.settings",
    keys: ["Ctrl+,"],
    inText: true,
    run: ({ ui }) => ui.show("settings"),
  },
  { id: "shell.keys", title: "shell.keys", keys: ["Shift+?"], run: ({ ui }) => ui.show("keys") },
  {
    id: "shell.toggleTheme",
    title: "shell.toggleTheme",
    run({ settings }) {
      settings.change({ theme: document.documentElement.dataset["theme"] === "light" ? "dark" : "light" });
    },
  },
  { id: "shell.serverStatus", title: "shell.serverStatus", run: () => openBeside("/status") },
  { id: "shell.apiDocs", title: "shell.apiDocs", run: () => openBeside("/docs") },
];

function openBeside(address: string): void {
  window.open(address, "_blank", "noopener");
}
