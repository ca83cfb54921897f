import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { inputPoint, nodeBox, outputPoint } from "../document/geometry";
import { keyOf } from "../document/workflow";
import { NodeBadges } from "../running/NodeBadges";
import { NodePreview } from "../running/NodePreview";
import { runPrefix } from "../state/documents";
import { useCatalogue, useTab } from "../state/studio";
import { WidgetColumn } from "../widgets/WidgetColumn";
import type { FlowNode } from "./flow_nodes";

/** A node: title, sockets, widgets, and what it made. */
export const NodeView = memo(function NodeView({ data, selected }: NodeProps<FlowNode>) {
  const { node } = data;
  const schema = useCatalogue((state) => state.types.get(node.type));
  const tab = useTab((one) => one.id) ?? "";
  const key = (useTab(runPrefix) ?? "") + keyOf(node.id);
  const box = nodeBox(node, schema);
  return (
    <div className="node" data-selected={selected} data-type={node.type}>
      <header className="node-title">
        {node.title ?? schema?.displayName ?? node.type}
        <NodeBadges tab={tab} node={key} />
      </header>
      <div className="node-sockets">
        {(node.inputs ?? []).map((input, slot) => {
          const [, top] = inputPoint(node, schema, slot);
          return (
            <Handle key={slot} id={`in-${slot}`} type="target" position={Position.Left} style={{ top }}>
              {input.widget ? null : <span className="socket-name">{input.label ?? input.name}</span>}
            </Handle>
          );
        })}
        {(node.outputs ?? []).map((output, slot) => {
          const [, top] = outputPoint(node, box, slot);
          return (
            <Handle key={slot} id={`out-${slot}`} type="source" position={Position.Right} style={{ top }}>
              <span className="socket-name">{output.label ?? output.name}</span>
            </Handle>
          );
        })}
      </div>
      <WidgetColumn node={node} schema={schema} />
      <NodePreview tab={tab} node={key} />
    </div>
  );
});
