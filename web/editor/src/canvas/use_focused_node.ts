import { useEffect } from "react";
import { useCanvas } from "../state/studio";
import type { CanvasEngine } from "./engine";

const PATIENCE = 20; // frames in which a node that is just coming into sight may be drawn

/** The key of the node that has the focus, or holds what has it, or shall get it; null without one. */
export function useFocusedNode(engine: CanvasEngine | null): string | null {
  const focused = useCanvas((state) => state.focused);
  useEffect(() => {
    if (!engine) return;
    const ending = new AbortController();
    const { root } = engine.elements;
    const look = (): void => {
      const node = document.activeElement?.closest<HTMLElement>(".canvas [data-node]");
      engine.studio.canvas.setState({ focused: node?.dataset["node"] ?? null });
    };
    root.addEventListener("focusin", look, { signal: ending.signal });
    return () => ending.abort();
  }, [engine]);
  useEffect(() => {
    if (!engine || focused === null) return;
    let frame = 0;
    const give = (patience: number): void => {
      const node = engine.nodeElement(focused)?.querySelector<HTMLElement>("[data-node]");
      if (node && !node.contains(document.activeElement)) node.focus({ preventScroll: true });
      else if (!node && patience > 0) frame = requestAnimationFrame(() => give(patience - 1));
    };
    give(PATIENCE);
    return () => cancelAnimationFrame(frame);
  }, [engine, focused]);
  return focused;
}
