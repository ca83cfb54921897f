import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { useText } from "../../i18n/use_text";
import type { FlowNode } from "../flow_nodes";
import { typeColour } from "../links/colours";
import { spokenLabel } from "./labels";
import { Sockets } from "./Sockets";

/** A node through which a link goes unchanged: two sockets and nothing else. */
export const RerouteView = memo(
  function RerouteView({ data: { place }, selected }: NodeProps<FlowNode>) {
    const t = useText();
    const { node } = place;
    return (
      <div
        className="node reroute-node"
        role="group"
        tabIndex={-1}
        aria-label={spokenLabel(t, node, undefined, undefined)}
        data-node={place.key}
        data-selected={selected || undefined}
        style={{ color: typeColour(node.outputs?.[0]?.type ?? "*") }}
      >
        <Sockets place={place} problems={undefined} />
      </div>
    );
  },
  (before, after) => before.data === after.data && before.selected === after.selected,
);
