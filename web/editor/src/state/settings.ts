/** What a person chose for this browser. */

import { createStore, type StoreApi } from "zustand/vanilla";

export interface Settings {
  readonly theme: "system" | "light" | "dark";
  readonly language: string;
  readonly snapToGrid: boolean;
  readonly showMinimap: boolean;
  readonly linkStyle: "curved" | "straight" | "stepped";
}

export interface SettingsStore extends StoreApi<Settings> {
  change(settings: Partial<Settings>): void;
}

const KEY = "weft.settings";

/** Read what was chosen before; languages follow the browser where nothing was. */
export function createSettings(
  storage: Storage,
  languages: readonly string[],
  known: readonly string[],
): SettingsStore {
  const language = languages.map((tag) => tag.slice(0, 2)).find((tag) => known.includes(tag)) ?? "en";
  const usual: Settings = { theme: "system", language, snapToGrid: false, showMinimap: true, linkStyle: "curved" };
  const store = createStore<Settings>(() => ({ ...usual, ...readStored(storage) }));
  return {
    ...store,
    change(settings) {
      store.setState(settings);
      storage.setItem(KEY, JSON.stringify(store.getState()));
    },
  };
}

function readStored(storage: Storage): Partial<Settings> {
  try {
    return JSON.parse(storage.getItem(KEY) ?? "{}") as Partial<Settings>;
  } catch {
    return {}; // Written by something else; what is chosen next is written over it.
  }
}
