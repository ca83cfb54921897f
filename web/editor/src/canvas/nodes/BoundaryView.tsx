import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { INPUT_NODE } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import type { FlowNode } from "../flow_nodes";
import { Sockets } from "./Sockets";

/** Where links come into a subgraph, or leave it: its slots, and a socket that makes a further one. */
export const BoundaryView = memo(
  function BoundaryView({ data: { place }, selected }: NodeProps<FlowNode>) {
    const t = useText();
    const isInput = place.key === String(INPUT_NODE);
    const title = t(isInput ? "canvas.subgraphInputs" : "canvas.subgraphOutputs");
    const slot = isInput ? place.outputs.length : place.inputs.length;
    return (
      <div
        className="node boundary-node"
        role="group"
        tabIndex={-1}
        aria-label={title}
        data-node={place.key}
        data-selected={selected || undefined}
      >
        <header className="node-title">
          <span className="node-name">{title}</span>
        </header>
        <Sockets place={place} problems={undefined} />
        <span
          className="socket"
          data-socket={isInput ? "out" : "in"}
          data-slot={slot}
          data-further
          title={t("canvas.addSlot")}
          style={{ top: (place.further?.y ?? 0) - place.box.y }}
        >
          <span className="socket-dot" />
          <span className="socket-name">+</span>
        </span>
      </div>
    );
  },
  (before, after) => before.data === after.data && before.selected === after.selected,
);
