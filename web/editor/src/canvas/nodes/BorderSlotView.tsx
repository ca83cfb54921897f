import { renameSlot } from "../../document/commands/subgraph_edit";
import type { NodeInput, NodeOutput } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import type { BorderSlot } from "../../state/canvas";
import { useCanvas, useStudio } from "../../state/studio";
import { typeColour } from "../links/colours";
import { focusSlot } from "./border_slots";
import { slotName } from "./labels";
import { TitleField } from "./TitleField";

interface Props {
  readonly at: BorderSlot;
  readonly socket: NodeInput | NodeOutput;
  readonly top: number;
}

/** An input or output of the shown subgraph: a socket with a name, which can be written anew. */
export function BorderSlotView({ at, socket, top }: Props) {
  const t = useText();
  const { documents, canvas } = useStudio();
  const isRenamed = useCanvas(
    ({ renaming }) => renaming?.kind === "slot" && renaming.side === at.side && renaming.slot === at.slot,
  );
  const name = slotName(socket);
  const rename = (label: string): void => {
    if (canvas.getState().renaming === null) return; // the field's leaving after it was done with
    canvas.setState({ renaming: null });
    if (label && label !== name) documents.edit("edit.rename", renameSlot(at.side, at.slot, label));
    focusSlot(at);
  };
  const linkIds: unknown = socket["linkIds"];
  return (
    <span
      className="socket"
      role={isRenamed ? undefined : "button"}
      tabIndex={-1}
      aria-label={isRenamed ? undefined : t("canvas.slotLabel", { name, type: String(socket.type) })}
      aria-keyshortcuts="F2 Delete Control+ArrowUp Control+ArrowDown"
      data-socket={at.side === "inputs" ? "out" : "in"}
      data-slot={at.slot}
      data-linked={(Array.isArray(linkIds) && linkIds.length > 0) || undefined}
      title={`${name}: ${socket.type}`}
      style={{ top, color: typeColour(socket.type) }}
    >
      <span className="socket-dot" />
      {isRenamed ? (
        <span className="slot-field">
          <TitleField label={t("canvas.renameSlot")} value={name} done={rename} />
        </span>
      ) : (
        <span className="socket-name">{name}</span>
      )}
    </span>
  );
}
