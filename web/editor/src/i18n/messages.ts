/** Every text that a person reads, by language: one file for each part of the editor and language. */

import deCanvas from "./de/canvas.json";
import deGrid from "./de/grid.json";
import deInspect from "./de/inspect.json";
import deLibrary from "./de/library.json";
import deMasks from "./de/masks.json";
import deRunning from "./de/running.json";
import deShell from "./de/shell.json";
import deWidgets from "./de/widgets.json";
import deWorkflows from "./de/workflows.json";
import enCanvas from "./en/canvas.json";
import enGrid from "./en/grid.json";
import enInspect from "./en/inspect.json";
import enLibrary from "./en/library.json";
import enMasks from "./en/masks.json";
import enRunning from "./en/running.json";
import enShell from "./en/shell.json";
import enWidgets from "./en/widgets.json";
import enWorkflows from "./en/workflows.json";

const en = {
  ...enShell,
  ...enCanvas,
  ...enWidgets,
  ...enRunning,
  ...enLibrary,
  ...enWorkflows,
  ...enInspect,
  ...enMasks,
  ...enGrid,
};

const de = {
  ...deShell,
  ...deCanvas,
  ...deWidgets,
  ...deRunning,
  ...deLibrary,
  ...deWorkflows,
  ...deInspect,
  ...deMasks,
  ...deGrid,
};

/** The name of a message; every language has to have each. */
export type MessageKey = keyof typeof en;

export type Messages = Readonly<Record<MessageKey, string>>;

/** Languages by their tag, each with its own name. */
export const LANGUAGES: Readonly<Record<string, { readonly name: string; readonly messages: Messages }>> = {
  en: { name: "English", messages: en },
  de: { name: "Deutsch", messages: de },
};

/** What stands in the braces of a message. */
export type MessageValues = Readonly<Record<string, string | number>>;

/** Writes messages in one language. */
export type Text = (key: MessageKey, values?: MessageValues) => string;

/** `{count}` is the value itself; `{count|picture|pictures}` is the first for 1, and the second otherwise. */
const BRACES = /\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}/g;

/** The writer of a language; English where it is not known. */
export function textIn(language: string): Text {
  const messages = LANGUAGES[language]?.messages ?? en;
  return (key, values = {}) =>
    messages[key].replace(BRACES, (braces, name: string, one?: string, many?: string) => {
      if (one === undefined) return String(values[name] ?? braces);
      return (Number(values[name]) === 1 ? one : many) ?? braces;
    });
}
