import "@xyflow/react/dist/base.css";
import { ReactFlow, ReactFlowProvider, useStoreApi, ViewportPortal } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useText } from "../i18n/use_text";
import { runPrefix } from "../state/documents";
import { useStudio, useTab } from "../state/studio";
import { ShownContext } from "./context";
import { CanvasEngine, GREATEST_ZOOM, LEAST_ZOOM } from "./engine";
import { GroupLayer } from "./groups/GroupLayer";
import { BendLayer } from "./links/BendLayer";
import { DetailContext, Revealer } from "./nodes/detail";
import { Ground } from "./scene/Ground";
import { BoundaryView } from "./nodes/BoundaryView";
import { NodeView } from "./nodes/NodeView";
import { RerouteView } from "./nodes/RerouteView";
import { Overlays } from "./overlays/Overlays";
import { useFlowNodes } from "./use_flow_nodes";
import { useGestures } from "./use_gestures";
import { useLayout } from "./use_layout";
import { useFocusedNode } from "./use_focused_node";
import { useMarkedRuns, useNear, useView } from "./use_view";

const NODE_TYPES = { node: NodeView, reroute: RerouteView, boundary: BoundaryView };

/** The shown graph. React Flow is a view only: what people do with it becomes commands on the document. */
export function Canvas() {
  return (
    <ReactFlowProvider>
      <CanvasInside />
    </ReactFlowProvider>
  );
}

function CanvasInside() {
  const t = useText();
  const tab = useTab((one) => one.id) ?? "";
  const prefix = useTab(runPrefix) ?? "";
  const layout = useLayout();
  const parts = useParts();
  const { engine } = parts;
  const near = useNear(engine);
  const shown = useMemo(() => ({ engine, tab, prefix }), [engine, tab, prefix]);
  useFlowNodes(layout, shown, near, useFocusedNode(engine));
  useView(engine, layout, parts.dots);
  useGestures(engine);
  useMarkedRuns(engine, near);
  const [revealer] = useState(() => new Revealer());
  useEffect(() => revealer.come(near), [revealer, near]);
  return (
    <ShownContext value={shown}>
      <DetailContext value={revealer}>
        <div
          ref={parts.root}
          className="canvas"
          role="application"
          tabIndex={0}
          aria-label={t("canvas.label")}
          aria-describedby="canvas-usage"
          data-near={near}
        >
          <p id="canvas-usage" className="visually-hidden">
            {t("canvas.usage")}
          </p>
          <span ref={parts.probe} hidden />
          <div className="dots" ref={parts.dots} />
          <ReactFlow
            nodeTypes={NODE_TYPES}
            minZoom={LEAST_ZOOM}
            maxZoom={GREATEST_ZOOM}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            elementsSelectable={false}
            disableKeyboardA11y
            deleteKeyCode={null}
            selectionKeyCode={null}
            multiSelectionKeyCode={null}
            panActivationKeyCode={null}
            zoomOnDoubleClick={false}
            proOptions={{ hideAttribution: true }}
          >
            <ViewportPortal>
              <div className="group-layer">
                <Ground layout={layout} />
                {engine && layout ? (
                  <GroupLayer sight={engine.sight} groups={layout.graph.groups ?? NO_GROUPS} />
                ) : null}
              </div>
              <canvas className="links" ref={parts.links} />
              <canvas className="links links-over" ref={parts.overlay} />
              <Ground layout={layout} />
              {engine && layout ? (
                <BendLayer sight={engine.sight} bends={layout.bends} types={layout.bendTypes} />
              ) : null}
            </ViewportPortal>
          </ReactFlow>
          {engine && layout ? <Overlays engine={engine} layout={layout} /> : null}
        </div>
      </DetailContext>
    </ShownContext>
  );
}

const NO_GROUPS: readonly [] = [];

/** The elements of the canvas, and the engine once they are there. */
function useParts() {
  const studio = useStudio();
  const flow = useStoreApi();
  const root = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLSpanElement>(null);
  const dots = useRef<HTMLDivElement>(null);
  const [links, setLinks] = useState<HTMLCanvasElement | null>(null);
  const [overlay, setOverlay] = useState<HTMLCanvasElement | null>(null);
  const [engine, setEngine] = useState<CanvasEngine | null>(null);
  useEffect(() => {
    if (!links || !overlay || !root.current || !probe.current) return;
    const made = new CanvasEngine(studio, { root: root.current, probe: probe.current, links, overlay }, flow);
    setEngine(made);
    studio.canvas.setState({ view: made });
    return () => {
      made.sight.end();
      studio.canvas.setState({ view: null });
    };
  }, [studio, flow, links, overlay]);
  return { root, probe, dots, links: setLinks, overlay: setOverlay, engine };
}
