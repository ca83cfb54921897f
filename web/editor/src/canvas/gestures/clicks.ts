/** Clicks that are no gestures: on nothing, on links, twice, with the right button. */

import type { CanvasEngine } from "../engine";
import { selectNothing, selectOnly } from "../selecting";
import { openMenu } from "./menu_target";
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
  const link = engine.linkAt(engine.toCanvas(at));
  if (!link) {
    if (event.target.matches(".react-flow__pane")) selectNothing(engine.studio);
    return;
  }
  selectOnly(engine.studio, "links", link.link.id);
  const target = { kind: "link", id: link.link.id } as const;
  engine.studio.canvas.setState({ menu: { at, place: engine.toCanvas(at), target } });
}

function clickedTwice(engine: CanvasEngine, event: MouseEvent): void {
  const { target } = event;
  if (!(target instanceof Element) || target.closest(OWN)) return;
  const { canvas, documents } = engine.studio;
  const key = target.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
  const group = target.closest<HTMLElement>("[data-group]")?.dataset["group"];
  const isTitle = target.closest(".node-title, .group-title") !== null;
  const place = key === undefined ? undefined : engine.layout?.places.get(key);
  if (place) {
    if (isTitle && place.look === "node") canvas.setState({ renaming: { kind: "node", key: place.key } });
    else if (place.isSubgraph) documents.enter({ instance: place.node.id, subgraph: place.node.type });
  } else if (group !== undefined && isTitle) {
    canvas.setState({ renaming: { kind: "group", index: Number(group) } });
  } else {
    const at = pointOf(event);
    canvas.setState({ search: { at, place: engine.toCanvas(at), ends: [], into: null } });
  }
}

function asked(engine: CanvasEngine, event: MouseEvent): void {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("input, textarea, [contenteditable]")) return; // the browser's own menu: paste, spelling
  event.preventDefault();
  openMenu(engine, pointOf(event), event.target);
}
