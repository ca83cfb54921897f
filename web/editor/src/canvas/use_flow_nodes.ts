import { useStoreApi } from "@xyflow/react";
import { useLayoutEffect, useRef } from "react";
import { useTab } from "../state/studio";
import type { CanvasEngine } from "./engine";
import { type FlowNode, flowNodes } from "./flow_nodes";
import type { Layout } from "./layout/layout";

/** Hands React Flow its nodes when the graph or the selection changed; the canvas itself is not drawn anew for it. */
export function useFlowNodes(layout: Layout | null, engine: CanvasEngine | null): void {
  const flow = useStoreApi<FlowNode>();
  const selected = useTab((tab) => tab.selection.nodes);
  const links = useTab((tab) => tab.selection.links);
  const known = useRef<ReadonlyMap<string, FlowNode>>(new Map());
  useLayoutEffect(() => {
    const nodes = layout ? flowNodes(layout, selected ?? new Set(), known.current) : [];
    known.current = new Map(nodes.map((node) => [node.id, node]));
    flow.getState().setNodes(nodes);
  }, [flow, layout, selected]);
  useLayoutEffect(() => {
    if (engine && layout) engine.show(layout);
  }, [engine, layout]);
  useLayoutEffect(() => engine?.markLinks(), [engine, links]);
}
