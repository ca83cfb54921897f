import { useEffect } from "react";
import { listenToClipboard } from "./clipboard";
import type { CanvasEngine } from "./engine";
import { pick } from "./gestures/pick";
import { Pointer, pointOf } from "./gestures/Pointer";
import { listenToClicks } from "./gestures/clicks";
import { openMenu } from "./gestures/menu_target";

/** Lets people take hold of what is on the canvas. */
export function useGestures(engine: CanvasEngine | null): void {
  useEffect(() => {
    if (!engine) return;
    const hover = (event: PointerEvent): void => {
      const isOnPane = event.target instanceof Element && event.target.matches(".react-flow__pane, .group");
      engine.hoverLink(isOnPane ? (engine.linkAt(engine.toCanvas(pointOf(event)))?.link.id ?? null) : null);
    };
    const pointer = new Pointer(engine, pick, hover, (at, target) => openMenu(engine, at, target));
    const quiet = listenToClicks(engine);
    const unplug = listenToClipboard(document, engine.studio);
    return () => {
      unplug();
      pointer.end();
      quiet();
    };
  }, [engine]);
}
