/** The choices that were picked lately, by input name, kept in the browser. */

import { isObject } from "../document/json";

const KEY = "weft.recent_choices";
const MOST = 5;

/** The last choices for inputs of a name, newest first. */
export function recentChoices(storage: Storage, input: string): readonly string[] {
  const list = stored(storage)[input];
  return Array.isArray(list) ? list.filter((entry) => typeof entry === "string") : [];
}

/** Remember a choice. */
export function rememberChoice(storage: Storage, input: string, choice: string): void {
  const others = recentChoices(storage, input).filter((entry) => entry !== choice);
  const all = { ...stored(storage), [input]: [choice, ...others].slice(0, MOST) };
  try {
    storage.setItem(KEY, JSON.stringify(all));
  } catch {
    // The browser's storage is full or closed: the list is a convenience, so nothing is lost.
  }
}

function stored(storage: Storage): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(storage.getItem(KEY) ?? "{}");
    return isObject(read) ? read : {};
  } catch {
    return {}; // Written by something else; what is picked next is written over it.
  }
}
