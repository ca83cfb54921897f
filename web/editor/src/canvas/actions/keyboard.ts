/** Going about the canvas without a pointer. */

import type { Action } from "../../actions/action";
import { INPUT_NODE } from "../../document/workflow";
import { NOTHING } from "../../state/documents";
import type { Studio } from "../../state/studio";
import { readingOrder } from "../layout/reading";
import { focusSlot } from "../nodes/border_slots";
import { selectOnly } from "../selecting";
import { hasAny, hasGraph, hasNodes, here, withHere } from "./here";

/** Go on in reading order; past the last node the focus goes to the buttons, before the first to the canvas. */
function step(studio: Studio, by: 1 | -1): void {
  const now = here(studio);
  const { view } = studio.canvas.getState();
  if (!now || !view) return;
  const order = readingOrder(now.layout);
  const { focused } = studio.canvas.getState();
  const isHere =
    now.selection.nodes.size > 0 ? (key: string) => now.selection.nodes.has(key) : (key: string) => key === focused;
  const at = order.findIndex((place) => isHere(place.key));
  const next = order[at < 0 ? (by > 0 ? 0 : order.length - 1) : at + by];
  if (!next) {
    view.focus(null);
    if (by > 0) document.querySelector<HTMLElement>(".zoom-controls button")?.focus();
    return;
  }
  selectOnly(studio, "nodes", next.key);
  view.reveal(next.box);
  view.focus(next.key);
}

/** From the canvas itself, going back leaves it, as Tab does everywhere. */
function isOnNode(): boolean {
  return document.activeElement?.matches(".canvas [data-node]") ?? false;
}

export const KEYBOARD: readonly Action[] = [
  {
    id: "canvas.nextNode",
    title: "canvas.nextNode",
    keys: ["Tab"],
    onCanvas: true,
    when: (studio) => hasGraph(studio) && (document.activeElement?.matches(".canvas, .canvas [data-node]") ?? false),
    run: (studio) => step(studio, 1),
  },
  {
    id: "canvas.previousNode",
    title: "canvas.previousNode",
    keys: ["Shift+Tab"],
    onCanvas: true,
    when: (studio) => hasGraph(studio) && isOnNode(),
    run: (studio) => step(studio, -1),
  },
  {
    id: "canvas.edit",
    title: "canvas.edit",
    keys: ["Enter"],
    onCanvas: true,
    when: hasNodes(),
    run: withHere((studio, { selection, layout }) => {
      const [key = ""] = selection.nodes;
      const place = layout.places.get(key);
      if (!place) return;
      if (place.look === "boundary") {
        focusSlot({ side: key === String(INPUT_NODE) ? "inputs" : "outputs", slot: 0 });
        return;
      }
      if (place.isSubgraph) studio.documents.enter({ instance: place.node.id, subgraph: place.node.type });
      else enterNode(studio, place.key);
    }),
  },
  {
    id: "canvas.back",
    title: "canvas.back",
    keys: ["Escape"],
    inText: true,
    when: (studio) => enteredNode() !== null || (isFocusOnCanvas() && hasAny(studio)),
    run(studio) {
      const entered = enteredNode();
      if (entered) entered.focus({ preventScroll: true });
      else studio.documents.select(NOTHING);
    },
  },
  {
    id: "canvas.connect",
    title: "canvas.connect",
    keys: ["C"],
    onCanvas: true,
    when: hasNodes(),
    run: (studio) => {
      const [key] = here(studio)?.selection.nodes ?? [];
      if (key !== undefined) studio.canvas.setState({ connecting: key });
    },
  },
  {
    id: "canvas.addNode",
    title: "canvas.addNode",
    keys: ["Space"],
    onCanvas: true,
    when: hasGraph,
    run(studio) {
      const { view, menu } = studio.canvas.getState();
      const place = menu?.place ?? view?.pointer();
      if (view && place) studio.canvas.setState({ search: { at: view.toScreen(place), place, ends: [], into: null } });
    },
  },
  {
    id: "canvas.openMenu",
    title: "canvas.openMenu",
    keys: ["ContextMenu", "Shift+F10"],
    onCanvas: true,
    when: hasGraph,
    run: withHere((studio, { selection, layout }) => {
      const { view } = studio.canvas.getState();
      const [key] = selection.nodes;
      if (!view) return;
      const box = key === undefined ? undefined : layout.places.get(key)?.box;
      const place = box ? { x: box.x + 20, y: box.y + 20 } : view.pointer();
      const target = box && key !== undefined ? ({ kind: "node", key } as const) : ({ kind: "canvas" } as const);
      studio.canvas.setState({ menu: { at: view.toScreen(place), place, target } });
    }),
  },
];

/** The node in one of whose controls the focus is. */
function enteredNode(): HTMLElement | null {
  const focused = document.activeElement;
  const node = focused?.closest<HTMLElement>(".canvas [data-node]");
  return node && node !== focused ? node : null;
}

function isFocusOnCanvas(): boolean {
  return document.activeElement === document.body || document.activeElement?.closest(".canvas") != null;
}

/** Put the focus on a node's first control; Escape brings it back. */
function enterNode(studio: Studio, key: string): void {
  const node = document.querySelector(`.canvas [data-node="${CSS.escape(key)}"]`);
  const control = node?.querySelector<HTMLElement>(
    ".node-widgets :is(input, textarea, select, button, [tabindex='0']):not([disabled], [tabindex='-1'])",
  );
  if (control) control.focus();
  else studio.canvas.setState({ renaming: { kind: "node", key } });
}
