import { useStoreApi } from "@xyflow/react";
import { useLayoutEffect, useMemo, useRef } from "react";
import type { RunsState } from "../state/runs";
import { useRuns, useTab } from "../state/studio";
import type { Shown } from "./context";
import { type FlowNode, flowNodes } from "./flow_nodes";
import type { Layout } from "./layout/layout";

/**
 * Hands React Flow its nodes when the graph or the selection changed; the canvas itself is not drawn anew for it.
 *
 * @param near all nodes are elements; else those alone that have pictures, and the focused one.
 * @param focused the node that has the focus.
 */
export function useFlowNodes(layout: Layout | null, shown: Shown, near: boolean, focused: string | null): void {
  const flow = useStoreApi<FlowNode>();
  const { engine } = shown;
  const selected = useTab((tab) => tab.selection.nodes);
  const links = useTab((tab) => tab.selection.links);
  const groups = useTab((tab) => tab.selection.groups);
  const known = useRef<ReadonlyMap<string, FlowNode>>(new Map());
  const pictured = useRuns((runs) => (near ? "" : picturedKeys(runs, shown)));
  const kept = useMemo(
    () => (near ? null : new Set([...pictured.split("\n"), ...(focused === null ? [] : [focused])])),
    [near, pictured, focused],
  );
  useLayoutEffect(() => {
    const nodes = layout ? flowNodes(layout, selected ?? new Set(), kept, known.current) : [];
    known.current = new Map(nodes.map((node) => [node.id, node]));
    flow.getState().setNodes(nodes);
  }, [flow, layout, selected, kept]);
  useLayoutEffect(() => {
    if (engine && layout) engine.show(layout);
  }, [engine, layout]);
  useLayoutEffect(() => engine?.mark(), [engine, links, selected, groups]);
}

/** Nodes of the shown graph with pictures, as one text, so that it compares equal while it is. */
function picturedKeys(runs: RunsState, { tab, prefix }: Shown): string {
  const keys: string[] = [];
  for (const [id, run] of runs.nodes.get(tab) ?? []) {
    const hasPicture = run.files?.length || run.streamed?.length || run.preview;
    if (hasPicture && id.startsWith(prefix)) keys.push(id.slice(prefix.length));
  }
  return keys.join("\n");
}
