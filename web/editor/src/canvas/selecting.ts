/** What is selected, and what clicks make of it. */

import { activeTab, NOTHING, type Selection } from "../state/documents";
import type { Studio } from "../state/studio";
import type { Keys } from "./gestures/gesture";

export type SelectedKind = "nodes" | "groups" | "reroutes" | "links";

export function selectionOf(studio: Studio): Selection {
  return activeTab(studio.documents.getState())?.selection ?? NOTHING;
}

/** Select one thing alone. */
export function selectOnly(studio: Studio, kind: SelectedKind, id: string | number): void {
  studio.documents.select({ ...NOTHING, [kind]: new Set([id]) });
}

export function isSelected(studio: Studio, kind: SelectedKind, id: string | number): boolean {
  return (selectionOf(studio)[kind] as ReadonlySet<string | number>).has(id);
}

/** A press on a thing: it is selected before it moves; with Shift or Ctrl it joins what is selected. */
export function press(studio: Studio, kind: SelectedKind, id: string | number, keys: Keys): void {
  if (isSelected(studio, kind, id)) return;
  if (keys.shift || keys.ctrl) toggle(studio, kind, id);
  else selectOnly(studio, kind, id);
}

/** A click on a thing that was selected before: with Shift or Ctrl it leaves the selection, else it stays alone. */
export function click(studio: Studio, kind: SelectedKind, id: string | number, keys: Keys, was: boolean): void {
  if (keys.shift || keys.ctrl) {
    if (was) toggle(studio, kind, id);
  } else selectOnly(studio, kind, id);
}

function toggle(studio: Studio, kind: SelectedKind, id: string | number): void {
  const after = new Set<string | number>(selectionOf(studio)[kind]);
  if (!after.delete(id)) after.add(id);
  studio.documents.select({ [kind]: after });
}

export function selectNothing(studio: Studio): void {
  const { nodes, groups, links, reroutes } = selectionOf(studio);
  if (nodes.size + groups.size + links.size + reroutes.size > 0) studio.documents.select(NOTHING);
}
