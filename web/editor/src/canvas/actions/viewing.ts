/** What is seen of the canvas, and how. */

import type { Action } from "../../actions/action";
import { groupBox } from "../../document/groups";
import type { MessageKey } from "../../i18n/messages";
import type { Settings } from "../../state/settings";
import type { Studio } from "../../state/studio";
import { around } from "../layout/layout";
import { hasGraph, withHere } from "./here";

const STEP = 1.25;

function changing(name: MessageKey, change: (settings: Settings) => Partial<Settings>): Action {
  return { id: name, title: name, run: ({ settings }) => settings.change(change(settings.getState())) };
}

const zoom = (factor: number) => (studio: Studio) => studio.canvas.getState().view?.zoomBy(factor);

export const VIEWING: readonly Action[] = [
  {
    id: "canvas.zoomIn",
    title: "canvas.zoomIn",
    keys: ["+", "Shift++", "="],
    onCanvas: true,
    when: hasGraph,
    run: zoom(STEP),
  },
  { id: "canvas.zoomOut", title: "canvas.zoomOut", keys: ["-"], onCanvas: true, when: hasGraph, run: zoom(1 / STEP) },
  {
    id: "canvas.zoomReset",
    title: "canvas.zoomReset",
    keys: ["0"],
    onCanvas: true,
    when: hasGraph,
    run: (studio) => studio.canvas.getState().view?.zoomTo(1),
  },
  {
    id: "canvas.fitSelection",
    title: "canvas.fitSelection",
    keys: ["."],
    onCanvas: true,
    when: hasGraph,
    run: withHere((studio, { selection, layout, graph }) => {
      const boxes = [...selection.nodes].flatMap((key) => layout.places.get(key)?.box ?? []);
      for (const place of selection.groups) if (graph.groups?.[place]) boxes.push(groupBox(graph.groups[place]));
      studio.canvas.getState().view?.fit(around(boxes));
    }),
  },
  {
    id: "canvas.fit",
    title: "canvas.fit",
    keys: ["Home"],
    onCanvas: true,
    when: hasGraph,
    run: (studio) => studio.canvas.getState().view?.fit(null),
  },
  changing("canvas.snap", ({ snapToGrid }) => ({ snapToGrid: !snapToGrid })),
  changing("canvas.toggleMinimap", ({ showMinimap }) => ({ showMinimap: !showMinimap })),
  changing("canvas.styleCurved", () => ({ linkStyle: "curved" })),
  changing("canvas.styleStraight", () => ({ linkStyle: "straight" })),
  changing("canvas.styleStepped", () => ({ linkStyle: "stepped" })),
];
