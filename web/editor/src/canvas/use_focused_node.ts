import { useEffect, useState } from "react";
import type { CanvasEngine } from "./engine";

/** The key of the node that has the focus, or holds what has it; null without one. */
export function useFocusedNode(engine: CanvasEngine | null): string | null {
  const [focused, setFocused] = useState<string | null>(null);
  useEffect(() => {
    if (!engine) return;
    const ending = new AbortController();
    const { root } = engine.elements;
    const look = (): void => {
      const node = root.contains(document.activeElement) ? document.activeElement?.closest<HTMLElement>("[data-node]") : null;
      setFocused(node?.dataset["node"] ?? null);
    };
    root.addEventListener("focusin", look, { signal: ending.signal });
    return () => ending.abort();
  }, [engine]);
  return focused;
}
