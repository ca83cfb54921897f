/** Links. */

import type { Action } from "../../actions/action";
import { disconnect } from "../../document/commands/links";
import { addReroute } from "../../document/commands/reroutes";
import { indexOf, type Link } from "../../document/links";
import { sourceOfLink } from "../../document/source";
import { NOTHING } from "../../state/documents";
import type { Point } from "../../state/canvas";
import type { Studio } from "../../state/studio";
import type { Layout } from "../layout/layout";
import { partAt } from "../links/curves";
import { selectionOf } from "../selecting";
import { hasLink, type Here, here, withHere } from "./here";

/** The one selected link. */
function selected({ graph, selection }: Here): Link | undefined {
  const [id] = selection.links;
  return id === undefined ? undefined : indexOf(graph).links.get(id);
}

/** The selected node, or the one with the focus after one of its links was chosen. */
function nodeHere(studio: Studio): string | null {
  const [key] = selectionOf(studio).nodes;
  return key ?? studio.canvas.getState().focused;
}

/** Where the menu was opened, else where the pointer is. */
function spot(studio: Studio): Point {
  const { menu, view } = studio.canvas.getState();
  return menu?.place ?? view?.pointer() ?? { x: 0, y: 0 };
}

/** Bend a link where it passes a place. */
export function bend(studio: Studio, layout: Layout, id: number, at: Point): void {
  const line = layout.lines.get(id);
  if (!line) return;
  const part = partAt(at, line.points, studio.settings.getState().linkStyle);
  const after = line.bends[part - 2] ?? null;
  studio.documents.edit("edit.reroute", addReroute(id, [Math.round(at.x), Math.round(at.y)], after));
}

export const LINKS: readonly Action[] = [
  {
    id: "canvas.inspect",
    title: "canvas.inspect",
    when: hasLink,
    run: withHere((studio, now) => {
      const link = selected(now);
      if (!link) return;
      const source = sourceOfLink(now.around.workflow, now.tab.trail, link);
      if (source) studio.ui.setState({ inspecting: { tab: now.tab.id, ...source } });
      else studio.ui.notify({ tone: "info", text: studio.text("canvas.noSource") });
    }),
  },
  {
    id: "canvas.addReroute",
    title: "canvas.addReroute",
    when: hasLink,
    run: withHere((studio, now) => {
      const link = selected(now);
      if (!link) return;
      bend(studio, now.layout, link.id, spot(studio));
      studio.documents.select({ links: new Set() });
    }),
  },
  {
    id: "canvas.insertNode",
    title: "canvas.insertNode",
    when: hasLink,
    run(studio) {
      const now = here(studio);
      const link = now && selected(now);
      const { view } = studio.canvas.getState();
      if (!link || !view) return;
      const place = spot(studio);
      studio.canvas.setState({ search: { at: view.toScreen(place), place, ends: [], into: link.id } });
    },
  },
  {
    id: "canvas.chooseLink",
    title: "canvas.chooseLink",
    keys: ["Alt+L"],
    onCanvas: true,
    when: (studio) => nodeHere(studio) !== null,
    run: (studio) => {
      const node = nodeHere(studio);
      if (node !== null) studio.canvas.setState({ list: { of: "links", node } });
    },
  },
  {
    id: "canvas.deleteLink",
    title: "canvas.deleteLink",
    when: hasLink,
    run: withHere((studio, { selection }) => {
      studio.documents.edit("edit.unlink", disconnect([...selection.links]));
      studio.documents.select(NOTHING);
    }),
  },
];
