/** What stands out of the picture. */

import type { Tab } from "../../state/documents";
import { runPrefix } from "../../state/documents";
import type { NodeRun, RunsState } from "../../state/runs";
import type { Layout, Line } from "../layout/layout";
import type { Outline } from "./SceneOverlay";

export interface Marks {
  readonly lines: readonly Line[];
  readonly outlines: readonly Outline[];
}

/** Selected links and a hovered one; from afar also nodes that elements would show as selected, running or failed. */
export function standingOut(
  layout: Layout,
  tab: Tab | undefined,
  runs: RunsState,
  hovered: number | null,
  isNear: boolean,
): Marks {
  const ids = new Set(tab?.selection.links);
  if (hovered !== null) ids.add(hovered);
  const lines = [...ids].flatMap((id) => layout.lines.get(id) ?? []);
  return { lines, outlines: isNear || !tab ? [] : outlinesOf(layout, tab, runs) };
}

function outlinesOf(layout: Layout, tab: Tab, runs: RunsState): Outline[] {
  const outlines: Outline[] = [];
  const prefix = runPrefix(tab);
  for (const [id, run] of runs.nodes.get(tab.id) ?? []) {
    const colour = colourOf(run);
    const place = colour && id.startsWith(prefix) ? layout.places.get(id.slice(prefix.length)) : undefined;
    if (colour && place) outlines.push({ box: place.box, colour });
  }
  for (const key of tab.selection.nodes) {
    const place = layout.places.get(key);
    if (place) outlines.push({ box: place.box, colour: "var(--node-selected)" });
  }
  for (const index of tab.selection.groups) {
    const group = layout.graph.groups?.[index];
    if (!group) continue;
    const [x, y, width, height] = group.bounding;
    outlines.push({ box: { x, y, width, height }, colour: "var(--node-selected)" });
  }
  return outlines;
}

function colourOf(run: NodeRun): string | null {
  if (run.problems?.length) return "var(--bad)";
  return run.state === "running" ? "var(--good)" : null;
}
