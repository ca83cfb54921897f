import type { NodeProps } from "@xyflow/react";
import { type CSSProperties, memo } from "react";
import { bodyRest, titleOf, widgetRows } from "../../document/geometry";
import { useText } from "../../i18n/use_text";
import { NodePreview } from "../../running/NodePreview";
import { type NodeRun, nodeRun } from "../../state/runs";
import { useRuns } from "../../state/studio";
import { WidgetColumn } from "../../widgets/WidgetColumn";
import { useShown } from "../context";
import type { FlowNode } from "../flow_nodes";
import type { NodePlace } from "../layout/places";
import { useDetailed } from "./detail";
import { modeOf, spokenLabel } from "./labels";
import { NodeTitle } from "./NodeTitle";
import { Sockets } from "./Sockets";

/** A node as a box with its title, and with everything else when the view is near. */
export const NodeView = memo(
  function NodeView({ data: { place }, selected }: NodeProps<FlowNode>) {
    const t = useText();
    const { tab, prefix } = useShown();
    const run = useRuns((state) => nodeRun(state, tab, prefix + place.key));
    const isDetailed = useDetailed();
    const { node, schema } = place;
    return (
      <div
        className="node"
        role="group"
        tabIndex={-1}
        aria-label={spokenLabel(t, node, schema, run)}
        data-node={place.key}
        data-type={node.type}
        data-selected={selected || undefined}
        data-mode={modeOf(node)}
        data-state={run?.problems?.length ? "failed" : run?.state}
        data-unknown={!place.isKnown || undefined}
        data-subgraph={place.isSubgraph || undefined}
        data-folded={node.flags?.collapsed || undefined}
        data-tinted={node.color || node.bgcolor ? true : undefined}
        style={tints(place)}
      >
        {isDetailed ? <Details place={place} run={run} /> : <Block place={place} />}
      </div>
    );
  },
  (before, after) => before.data === after.data && before.selected === after.selected,
);

/** Colours of the file; the style sheet makes them fit the theme. */
function tints({ node }: NodePlace): CSSProperties | undefined {
  if (!node.color && !node.bgcolor) return undefined;
  return { "--tint-title": node.color ?? node.bgcolor, "--tint-body": node.bgcolor ?? node.color } as CSSProperties;
}

function Details({ place, run }: { readonly place: NodePlace; readonly run: NodeRun | undefined }) {
  const { tab, prefix } = useShown();
  const { node, schema } = place;
  const isFolded = node.flags?.collapsed === true;
  return (
    <>
      <NodeTitle place={place} run={run} />
      <Sockets place={place} problems={run?.problems} />
      {isFolded ? null : (
        <>
          <div className="node-widgets" style={{ top: widgetRows(node, schema)[0]?.y }}>
            <WidgetColumn node={node} schema={schema} />
          </div>
          <Room place={place}>
            <NodePreview tab={tab} node={prefix + place.key} />
          </Room>
          {node.flags?.pinned ? null : <span className="resize-corner nodrag" data-resize="node" />}
        </>
      )}
    </>
  );
}

const LEAST_ROOM = 60; // below it pictures hang out of the node rather than being too small to see

/** Where pictures go: what the widgets leave of the body, or below the node. */
function Room({ place, children }: { readonly place: NodePlace; readonly children: React.ReactNode }) {
  const { y, height } = bodyRest(place.node, place.schema);
  const isRoomy = height >= LEAST_ROOM;
  return (
    <div className="node-room" data-below={!isRoomy || undefined} style={isRoomy ? { top: y, height } : undefined}>
      {children}
    </div>
  );
}

/** From afar: a title and pictures. */
function Block({ place }: { readonly place: NodePlace }) {
  const { tab, prefix } = useShown();
  return (
    <>
      <header className="node-title">
        <span className="node-name">{titleOf(place.node, place.schema)}</span>
      </header>
      {place.node.flags?.collapsed ? null : (
        <Room place={place}>
          <NodePreview tab={tab} node={prefix + place.key} />
        </Room>
      )}
    </>
  );
}
