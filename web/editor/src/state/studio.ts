/** Everything that lives as long as the page, made in one place and handed down through React's context. */

import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { Server } from "../api/server";
import { Socket } from "../api/socket";
import { freshId } from "../document/fresh_id";
import { createGrids, type Grids, type GridsState } from "./grids";
import { LANGUAGES, type Text, textIn } from "../i18n/messages";
import { type CanvasState, type CanvasStore, createCanvas } from "./canvas";
import { type CatalogueState, type CatalogueStore, createCatalogue } from "./catalogue";
import { activeTab, createDocuments, type Documents, type DocumentsState, type Tab } from "./documents";
import { createRuns, type Runs, type RunsState } from "./runs";
import { createSettings, type Settings, type SettingsStore } from "./settings";
import { createUi, type Ui, type UiState } from "./ui";

export interface Studio {
  readonly server: Server;
  readonly socket: Socket;
  readonly catalogue: CatalogueStore;
  readonly documents: Documents;
  readonly runs: Runs;
  readonly ui: Ui;
  readonly canvas: CanvasStore;
  readonly settings: SettingsStore;
  readonly grids: Grids;
  /** Writes messages in the chosen language, for what is no component (those have `useText`). */
  readonly text: Text;
}

/** The studio of this page. */
export function createStudio(page: Window): Studio {
  const server = new Server();
  const scheme = page.location.protocol === "https:" ? "wss" : "ws";
  const socket = new Socket(`${scheme}://${page.location.host}/ws`, clientId(page.sessionStorage));
  const settings = createSettings(page.localStorage, page.navigator.languages, Object.keys(LANGUAGES));
  return {
    server,
    socket,
    catalogue: createCatalogue(server),
    documents: createDocuments(),
    runs: createRuns(),
    ui: createUi(),
    canvas: createCanvas(),
    settings,
    grids: createGrids(),
    text: (key, values) => textIn(settings.getState().language)(key, values),
  };
}

/** The same for a tab of the browser however often it is reloaded, so that it hears of its own jobs again. */
function clientId(storage: Storage): string {
  const known = storage.getItem("weft.client");
  if (known) return known;
  const fresh = freshId();
  storage.setItem("weft.client", fresh);
  return fresh;
}

export const StudioContext = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error("There is no studio around this component.");
  return studio;
}

export function useCatalogue<T>(pick: (state: CatalogueState) => T): T {
  return useStore(useStudio().catalogue, pick);
}

export function useDocuments<T>(pick: (state: DocumentsState) => T): T {
  return useStore(useStudio().documents, pick);
}

/** Something of the tab that is shown; undefined while none is. */
export function useTab<T>(pick: (tab: Tab) => T): T | undefined {
  return useDocuments((state) => {
    const tab = activeTab(state);
    return tab && pick(tab);
  });
}

export function useRuns<T>(pick: (state: RunsState) => T): T {
  return useStore(useStudio().runs, pick);
}

export function useUi<T>(pick: (state: UiState) => T): T {
  return useStore(useStudio().ui, pick);
}

export function useCanvas<T>(pick: (state: CanvasState) => T): T {
  return useStore(useStudio().canvas, pick);
}

export function useSettings<T>(pick: (state: Settings) => T): T {
  return useStore(useStudio().settings, pick);
}

export function useGrids<T>(pick: (state: GridsState) => T): T {
  return useStore(useStudio().grids, pick);
}
