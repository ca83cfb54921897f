/** Where the view is: kept for each tab and graph, and followed by what is drawn outside React. */

import { type RefObject, useEffect, useLayoutEffect, useState } from "react";
import { activeTab, scopeOf } from "../state/documents";
import { useSettings, useStudio, useTab } from "../state/studio";
import type { CanvasEngine } from "./engine";
import type { Layout } from "./layout/layout";
import { placeDots } from "./overlays/DotGrid";
import { isNear } from "./scene/view";

const REST = 250; // ms without moving before a view is kept

/** Moves the view to where it was when another graph is shown, and lets links and dots follow it. */
export function useView(engine: CanvasEngine | null, layout: Layout | null, dots: RefObject<HTMLElement | null>): void {
  const tab = useTab((one) => one.id);
  const scope = useTab(scopeOf);
  const hasSize = useHasSize(engine);
  const isLaidOut = layout !== null;
  useFollowing(engine, dots);
  useLayoutEffect(() => {
    if (!engine || !hasSize || !isLaidOut) return;
    const shown = activeTab(engine.studio.documents.getState());
    const kept = shown?.viewports.get(scope ?? "");
    if (kept) engine.goTo(kept);
    else engine.fit(null);
    engine.viewMoved();
  }, [engine, hasSize, isLaidOut, tab, scope]);
  useRepainting(engine);
}

/** React Flow knows its size a moment after it is there. */
function useHasSize(engine: CanvasEngine | null): boolean {
  const [hasSize, setHasSize] = useState(false);
  useEffect(() => {
    if (!engine) return;
    const look = (): void => setHasSize(engine.view().width > 0 && engine.flow.getState().panZoom !== null);
    look();
    return engine.flow.subscribe(look);
  }, [engine]);
  return hasSize;
}

function useFollowing(engine: CanvasEngine | null, dots: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (!engine) return;
    let before = engine.view();
    let rest: ReturnType<typeof setTimeout> | undefined;
    const follow = (): void => {
      const view = engine.view();
      const same = view.x === before.x && view.y === before.y && view.zoom === before.zoom;
      if (same && view.width === before.width && view.height === before.height) return;
      before = view;
      engine.viewMoved();
      if (dots.current) placeDots(dots.current, view);
      const { dataset } = engine.elements.root;
      if (dataset["viewMoves"] === undefined) dataset["viewMoves"] = "";
      clearTimeout(rest);
      const shown = engine.shown();
      rest = setTimeout(() => {
        delete engine.elements.root.dataset["viewMoves"];
        if (shown) keep(engine, shown);
      }, REST);
    };
    const end = engine.flow.subscribe(follow);
    return () => {
      clearTimeout(rest);
      end();
    };
  }, [engine, dots]);
}

function keep(engine: CanvasEngine, { tab, scope }: { readonly tab: string; readonly scope: string }): void {
  const { documents } = engine.studio;
  const kept = documents.getState().tabs.find((one) => one.id === tab)?.viewports;
  const now = engine.shown();
  if (!kept || now?.tab !== tab || now.scope !== scope) return;
  const { x, y, zoom } = engine.view();
  engine.elements.root.dataset["view"] = `${x} ${y} ${zoom}`; // for tests and scripts: from afar nodes are no elements
  documents.update(tab, { viewports: new Map(kept).set(scope, { x, y, zoom }) });
}

/** Links have to be painted anew for another theme or another style. */
function useRepainting(engine: CanvasEngine | null): void {
  const { settings } = useStudio();
  const style = useSettings(({ linkStyle }) => linkStyle);
  useEffect(() => engine?.recolour(), [engine, style]);
  useEffect(() => {
    if (!engine) return;
    const again = (): void => engine.recolour();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", again);
    const theme = new MutationObserver(again);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "style", "class"] });
    return () => {
      scheme.removeEventListener("change", again);
      theme.disconnect();
    };
  }, [engine, settings]);
}

/** Whether the view is near enough for details; it changes only where the zoom crosses that line. */
export function useNear(engine: CanvasEngine | null): boolean {
  const [near, setNear] = useState(true);
  useEffect(() => {
    if (!engine) return;
    const look = (): void => setNear(isNear(engine.view()));
    look();
    return engine.flow.subscribe(look);
  }, [engine]);
  return near;
}

/** From afar, what runs and what failed is marked on the canvas: once in a frame, however much is told. */
export function useMarkedRuns(engine: CanvasEngine | null, near: boolean): void {
  useEffect(() => {
    if (!engine || near) return;
    let frame = 0;
    const mark = (): void => {
      frame = 0;
      engine.mark();
    };
    mark();
    const end = engine.studio.runs.subscribe(() => {
      if (frame === 0) frame = requestAnimationFrame(mark);
    });
    return () => {
      cancelAnimationFrame(frame);
      end();
    };
  }, [engine, near]);
}
