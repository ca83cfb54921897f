/** What is open on the screen beside the documents. */

import { createStore, type StoreApi } from "zustand/vanilla";
import { freshId } from "../document/fresh_id";

/** A message that goes by itself, or stays until it is closed (problems). */
export interface Notice {
  readonly id: string;
  readonly tone: "info" | "success" | "problem";
  readonly text: string;
  readonly details?: string;
  readonly action?: { readonly title: string; readonly run: () => void };
  /** A newer notice about the same takes this one's place. */
  readonly about?: string;
}

/** A dialog over everything: its name in `shell/dialogs.ts`, and what it is about. */
export interface OpenDialog {
  readonly name: string;
  readonly about: Readonly<Record<string, unknown>>;
}

export interface UiState {
  /** The name of the side panel in `shell/panels.ts`, null: closed. */
  readonly panel: string | null;
  readonly inspecting: InspectedWire | null;
  readonly dialog: OpenDialog | null;
  readonly notices: readonly Notice[];
}

/** The output whose value the inspector shows. */
export interface InspectedWire {
  readonly tab: string;
  /** As the server writes it. */
  readonly node: string;
  readonly slot: number;
}

export interface Ui extends StoreApi<UiState> {
  notify(notice: Omit<Notice, "id">): string;
  dismiss(id: string): void;
  show(dialog: string, about?: Readonly<Record<string, unknown>>): void;
  togglePanel(panel: string): void;
}

/** More would cover the canvas; the oldest go. */
const MOST_NOTICES = 6;

export function createUi(): Ui {
  const store = createStore<UiState>(() => ({ panel: null, inspecting: null, dialog: null, notices: [] }));
  return {
    ...store,
    notify(notice) {
      const id = freshId();
      const { about } = notice;
      store.setState((state) => {
        const others = state.notices.filter((one) => about === undefined || one.about !== about);
        return { notices: [...others, { ...notice, id }].slice(-MOST_NOTICES) };
      });
      return id;
    },
    dismiss: (id) => store.setState((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) })),
    show: (name, about = {}) => store.setState({ dialog: { name, about } }),
    togglePanel: (panel) => store.setState((state) => ({ panel: state.panel === panel ? null : panel })),
  };
}
