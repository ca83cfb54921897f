import type { NodeProps } from "@xyflow/react";
import { type KeyboardEvent, memo } from "react";
import { INPUT_NODE } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import { useStudio } from "../../state/studio";
import type { FlowNode } from "../flow_nodes";
import { focusSlot, slotOf } from "./border_slots";
import { BorderSlotView } from "./BorderSlotView";

/** Where links come into a subgraph, or leave it: its slots, and a socket that makes a further one. */
export const BoundaryView = memo(
  function BoundaryView({ data: { place }, selected }: NodeProps<FlowNode>) {
    const t = useText();
    const studio = useStudio();
    const isInput = place.key === String(INPUT_NODE);
    const side = isInput ? "inputs" : "outputs";
    const title = t(isInput ? "canvas.subgraphInputs" : "canvas.subgraphOutputs");
    const slots = (isInput ? place.node.outputs : place.node.inputs) ?? [];
    const keyed = (event: KeyboardEvent): void => {
      const at = slotOf(event.target instanceof Element ? event.target : null);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
      if (step !== undefined) focusSlot({ side, slot: Math.max(0, Math.min(slots.length - 1, at.slot + step)) });
      else if (event.key === "Enter") studio.canvas.setState({ renaming: { kind: "slot", ...at } });
      else if (event.key === "Escape") event.currentTarget instanceof HTMLElement && event.currentTarget.focus();
      else return;
      event.preventDefault();
    };
    return (
      <div
        className="node boundary-node"
        role="group"
        tabIndex={-1}
        aria-label={title}
        data-node={place.key}
        data-selected={selected || undefined}
        onKeyDown={keyed}
      >
        <header className="node-title">
          <span className="node-name">{title}</span>
        </header>
        {slots.map((slot, number) => (
          <BorderSlotView
            key={number}
            at={{ side, slot: number }}
            socket={slot}
            top={((isInput ? place.outputs : place.inputs)[number]?.y ?? place.box.y) - place.box.y}
          />
        ))}
        <span
          className="socket"
          data-socket={isInput ? "out" : "in"}
          data-slot={slots.length}
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
