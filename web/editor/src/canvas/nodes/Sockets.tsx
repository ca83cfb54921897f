import { memo } from "react";
import type { NodeInput, NodeOutput, SlotType } from "../../document/workflow";
import type { NodeProblem } from "../../state/runs";
import { type NodePlace, outputType } from "../layout/places";
import { typeColour } from "../links/colours";
import { slotName } from "./labels";

const LIST = 6; // `shape` of outputs that give lists
const OPTIONAL = 7; // `shape` of inputs that need no link

interface Props {
  readonly place: NodePlace;
  readonly problems: readonly NodeProblem[] | undefined;
}

/** The sockets of a node, where the layout says, with their names unless a widget has it. */
export const Sockets = memo(function Sockets({ place, problems }: Props) {
  const { node, box } = place;
  if (node.flags?.collapsed) return <FoldedSockets place={place} />;
  const wrong = new Set(problems?.map((problem) => problem.input));
  const widgets = new Set(place.schema?.inputs.filter((spec) => spec.isWidget).map((spec) => spec.name));
  return (
    <>
      {(node.inputs ?? []).map((input, slot) =>
        place.hidden.has(slot) ? null : (
          <Socket
            key={slot}
            side="in"
            slot={slot}
            top={(place.inputs[slot]?.y ?? box.y) - box.y}
            socket={input}
            type={place.carried?.inputs[slot] ?? input.type}
            isNamed={!input.widget || !widgets.has(input.widget.name)}
            isLinked={input.link != null}
            isWrong={wrong.has(input.name)}
          />
        ),
      )}
      {(node.outputs ?? []).map((output, slot) => (
        <Socket
          key={slot}
          side="out"
          slot={slot}
          top={(place.outputs[slot]?.y ?? box.y) - box.y}
          socket={output}
          type={outputType(place, slot) ?? output.type}
          isNamed
          isLinked={(output.links?.length ?? 0) > 0}
          isWrong={false}
        />
      ))}
    </>
  );
});

interface SocketProps {
  readonly side: "in" | "out";
  readonly slot: number;
  readonly top: number;
  readonly socket: NodeInput | NodeOutput;
  /** What goes through it, where it takes anything. */
  readonly type: SlotType;
  readonly isNamed: boolean;
  readonly isLinked: boolean;
  readonly isWrong: boolean;
}

function Socket({ side, slot, top, socket, type, isNamed, isLinked, isWrong }: SocketProps) {
  const given = slotName(socket);
  const name = given === "*" ? String(type) : given; // outputs for anything are named so
  return (
    <span
      className="socket"
      data-socket={side}
      data-slot={slot}
      data-shape={socket.shape === LIST ? "list" : socket.shape === OPTIONAL ? "optional" : undefined}
      data-linked={isLinked || undefined}
      data-wrong={isWrong || undefined}
      title={`${name}: ${type}`}
      style={{ top, color: typeColour(type) }}
    >
      <span className="socket-dot" />
      {isNamed ? <span className="socket-name">{name}</span> : null}
    </span>
  );
}

/** A collapsed node has one socket on each side, for all its links. */
function FoldedSockets({ place }: { readonly place: NodePlace }) {
  const { node, box } = place;
  const sides = [
    { side: "in", type: node.inputs?.[0]?.type, at: place.inputs[0] },
    { side: "out", type: node.outputs?.[0]?.type, at: place.outputs[0] },
  ];
  return sides.map(({ side, type, at }) =>
    at ? (
      <span
        key={side}
        className="socket"
        style={{ top: at.y - box.y, color: typeColour(type ?? "*") }}
        data-folded={side}
      >
        <span className="socket-dot" />
      </span>
    ) : null,
  );
}
