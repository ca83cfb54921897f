import "@xyflow/react/dist/style.css";
import { applyNodeChanges, Background, type Connection, MiniMap, type NodeChange, ReactFlow } from "@xyflow/react";
import { useCallback, useEffect, useState } from "react";
import { connect } from "../document/commands/links";
import { placeNodes } from "../document/commands/nodes";
import { TITLE_HEIGHT } from "../document/geometry";
import { useText } from "../i18n/use_text";
import { shownGraph } from "../state/documents";
import { useCatalogue, useStudio, useTab } from "../state/studio";
import { flowEdges, type FlowNode, flowNodes } from "./flow_nodes";
import { NodeView } from "./NodeView";

const NODE_TYPES = { workflow: NodeView };

/** The shown graph. React Flow is a view only: what it reports becomes commands on the document. */
export function Canvas() {
  const t = useText();
  const { documents } = useStudio();
  const graph = useTab(shownGraph);
  const selected = useTab((tab) => tab.selection.nodes);
  const types = useCatalogue((state) => state.types);
  const [nodes, setNodes] = useState<FlowNode[]>([]);
  useEffect(() => {
    if (!graph || !selected) return;
    setNodes((before) => flowNodes(graph, types, selected, new Map(before.map((node) => [node.id, node]))));
  }, [graph, types, selected]);

  const changed = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      setNodes((before) => applyNodeChanges(changes, before));
      const picked = changes.filter((change) => change.type === "select");
      if (picked.length) {
        documents.select({ nodes: withSelection(selected ?? new Set(), picked) });
      }
    },
    [documents, selected],
  );
  const dropped = useCallback(
    (_event: unknown, _node: FlowNode, moved: FlowNode[]) => {
      const places = new Map(moved.map(({ id, position }) => [id, [position.x, position.y + TITLE_HEIGHT] as const]));
      documents.edit("edit.move", placeNodes(places));
    },
    [documents],
  );
  const linked = useCallback(
    ({ source, target, sourceHandle, targetHandle }: Connection) =>
      documents.edit("edit.link", connect({ node: source, slot: slotOf(sourceHandle) }, { node: target, slot: slotOf(targetHandle) })),
    [documents],
  );
  if (!graph) return null;
  return (
    <ReactFlow
      aria-label={t("canvas.label")}
      nodes={nodes}
      edges={flowEdges(graph)}
      nodeTypes={NODE_TYPES}
      onNodesChange={changed}
      onNodeDragStop={dropped}
      onConnect={linked}
      onlyRenderVisibleElements
      fitView
      minZoom={0.05}
      deleteKeyCode={null}
      proOptions={{ hideAttribution: true }}
    >
      <Background />
      <MiniMap pannable zoomable />
    </ReactFlow>
  );
}

function slotOf(handle: string | null): number {
  return Number(handle?.split("-")[1] ?? 0);
}

function withSelection(before: ReadonlySet<string>, changes: readonly { id: string; selected: boolean }[]): ReadonlySet<string> {
  const after = new Set(before);
  for (const { id, selected } of changes) {
    if (selected) after.add(id);
    else after.delete(id);
  }
  return after;
}
