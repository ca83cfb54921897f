import { useMemo, useRef } from "react";
import { shownGraph, workflowOf } from "../state/documents";
import { useCatalogue, useTab } from "../state/studio";
import { type Layout, layoutOf } from "./layout/layout";

/** The layout of the shown graph; null while none is shown. */
export function useLayout(): Layout | null {
  const workflow = useTab(workflowOf);
  const graph = useTab(shownGraph);
  const catalogue = useCatalogue((state) => state.types);
  const before = useRef<Layout | undefined>(undefined);
  return useMemo(() => {
    if (!workflow || !graph) return null;
    before.current = layoutOf({ workflow, graph, catalogue }, before.current);
    return before.current;
  }, [workflow, graph, catalogue]);
}
