/** Clicks that are no gestures: on nothing, on links, twice, with the right button. */

import type { Renaming } from "../../state/canvas";
import type { CanvasEngine } from "../engine";
import { selectNothing, selectOnly } from "../selecting";
import { openMenu, targetAt } from "./menu_target";
import { pointOf } from "./Pointer";

const OWN = "input, textarea, select, button, [data-widget], [contenteditable], .react-flow__panel, .canvas-popover";

/** Listen on the canvas; the answer ends it. */
export function listenToClicks(engine: CanvasEngine): () => void {
  const ending = new AbortController();
  const { root } = engine.elements;
  const { signal } = ending;
  root.addEventListener("click", (event) => clicked(engine, event), { signal });
  root.addEventListener("dblclick", (event) => clickedTwice(engine, event), { signal });
  root.addEventListener("contextmenu", (event) => asked(engine, event), { signal });
  return () => ending.abort();
}

function clicked(engine: CanvasEngine, event: MouseEvent): void {
  if (!(event.target instanceof Element) || !event.target.matches(".react-flow__pane, .group")) return;
  if (event.shiftKey || event.ctrlKey || event.metaKey) return;
  const at = pointOf(event);
  const place = engine.toCanvas(at);
  const target = targetAt(engine, place, event.target);
  if (target.kind === "link") {
    selectOnly(engine.studio, "links", target.id);
    engine.studio.canvas.setState({ menu: { at, place, target } });
  } else if (target.kind === "canvas") selectNothing(engine.studio);
}

function clickedTwice(engine: CanvasEngine, event: MouseEvent): void {
  if (!(event.target instanceof Element) || event.target.closest(OWN)) return;
  const at = pointOf(event);
  const place = engine.toCanvas(at);
  const target = targetAt(engine, place, event.target);
  const isTitle = event.target.closest(".node-title, .group-title") !== null;
  if (target.kind === "node") openNode(engine, target.key, isTitle);
  else if (target.kind === "slot") rename(engine, target);
  else if (target.kind === "group" && isTitle) rename(engine, { kind: "group", index: target.index });
  else if (target.kind !== "reroute") engine.studio.canvas.setState({ search: { at, place, ends: [], into: null } });
}

function openNode(engine: CanvasEngine, key: string, isTitle: boolean): void {
  const place = engine.layout?.places.get(key);
  if (!place) return;
  if (isTitle && place.look === "node") rename(engine, { kind: "node", key });
  else if (place.isSubgraph) engine.studio.documents.enter({ instance: place.node.id, subgraph: place.node.type });
  else if (!engine.isNear()) engine.fit(place.box);
}

function rename({ studio }: CanvasEngine, renaming: Renaming): void {
  studio.canvas.setState({ renaming });
}

function asked(engine: CanvasEngine, event: MouseEvent): void {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("input, textarea, [contenteditable]")) return; // the browser's own menu: paste, spelling
  event.preventDefault();
  openMenu(engine, pointOf(event), event.target);
}
