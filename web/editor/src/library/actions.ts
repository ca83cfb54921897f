import type { Action } from "../actions/action";

export const LIBRARY_ACTIONS: readonly Action[] = [
  { id: "library.panel", title: "gallery.showPanel", keys: ["G"], run: (studio) => studio.ui.togglePanel("gallery") },
  { id: "library.gallery", title: "gallery.open", keys: ["Shift+G"], run: (studio) => studio.ui.show("gallery") },
];
