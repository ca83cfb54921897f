import { useStoreApi } from "@xyflow/react";
import { useLayoutEffect, useMemo, useRef } from "react";
import type { RunsState } from "../state/runs";
import { useRuns, useTab } from "../state/studio";
import type { Shown } from "./context";
import { type FlowNode, flowNodes } from "./flow_nodes";
import type { Layout } from "./layout/layout";
import type { InSight } from "./scene/Sight";

/**
 * Hands React Flow its nodes when the graph or the selection changed; the canvas itself is not drawn anew for it.
 *
 * @param near nodes in sight are elements; else those alone that have pictures.
 * @param focused the node that has the focus: it is an element wherever it is.
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
    () => new Set([...(pictured === "" ? [] : pictured.split("\n")), ...(focused === null ? [] : [focused])]),
    [pictured, focused],
  );
  useLayoutEffect(() => engine?.sight.keep(kept), [engine, kept]);
  useLayoutEffect(() => {
    if (engine && layout) engine.show(layout);
  }, [engine, layout]);
  useLayoutEffect(() => {
    if (!engine) return;
    const give = ({ nodes: inSight }: InSight): void => {
      const nodes = layout ? flowNodes(layout, selected ?? new Set(), inSight, known.current) : [];
      known.current = new Map(nodes.map((node) => [node.id, node]));
      flow.getState().setNodes(nodes);
    };
    give(engine.sight.state.getState());
    return engine.sight.state.subscribe((now, before) => {
      if (now.nodes !== before.nodes) give(now);
    });
  }, [flow, engine, layout, selected]);
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
