/** The node types that the server knows. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Server } from "../api/server";
import { type Catalogue, readCatalogue } from "../document/schema";

export interface CatalogueState {
  readonly types: Catalogue;
  readonly loaded: boolean;
}

export interface CatalogueStore extends StoreApi<CatalogueState> {
  /** Ask the server; throws a ServerProblem when it does not answer. */
  load(): Promise<void>;
}

export function createCatalogue(server: Server): CatalogueStore {
  const store = createStore<CatalogueState>(() => ({ types: new Map(), loaded: false }));
  return {
    ...store,
    async load() {
      store.setState({ types: readCatalogue(await server.json("/api/object_info")), loaded: true });
    },
  };
}
