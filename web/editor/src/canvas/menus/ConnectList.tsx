import { useState } from "react";
import { connect } from "../../document/commands/links";
import { titleOf } from "../../document/geometry";
import { useText } from "../../i18n/use_text";
import type { LooseEnd } from "../../state/canvas";
import { useCanvas, useStudio } from "../../state/studio";
import { here } from "../actions/here";
import { fittingSockets, type Socket } from "../links/sockets";
import { slotName } from "../nodes/labels";
import { Popover } from "../overlays/Popover";
import type { Layout } from "../layout/layout";
import { type Choice, ChoiceList } from "./ChoiceList";

/** Linking by keyboard: choose an output of the node, then one of the inputs that fit. */
export function ConnectList() {
  const key = useCanvas((state) => state.connecting);
  return key === null ? null : <Opened key={key} from={key} />;
}

function Opened({ from }: { readonly from: string }) {
  const t = useText();
  const studio = useStudio();
  const [end, setEnd] = useState<(LooseEnd & { readonly name: string }) | null>(null);
  const layout = here(studio)?.layout;
  const place = layout?.places.get(from);
  if (!layout || !place) return null;
  const close = (): void => {
    studio.canvas.setState({ connecting: null });
    studio.canvas.getState().view?.focus(from);
  };
  const link = (socket: Socket): void => {
    if (end) studio.documents.edit("edit.link", connect(end, socket, studio.catalogue.getState().types));
    close();
  };
  const outputs = (place.node.outputs ?? []).map((output, slot): Choice => {
    const name = slotName(output);
    const chosen = { node: place.node.id, slot, isOutput: true, type: output.type, name };
    return { name, type: output.type, choose: () => setEnd(chosen) };
  });
  const choices = end ? targets(layout, end, link) : outputs;
  const heading = end ? t("canvas.connectTarget", { output: end.name }) : t("canvas.connectOutput");
  const at = studio.canvas.getState().view?.toScreen({ x: place.box.x + place.box.width + 12, y: place.box.y });
  return (
    <Popover at={at ?? { x: 80, y: 80 }} label={heading} close={close} className="connect-list">
      <h4>{heading}</h4>
      <ChoiceList key={heading} choices={choices} nothing={t("canvas.connectNothing")} label={heading} />
    </Popover>
  );
}

function targets(layout: Layout, end: LooseEnd, link: (socket: Socket) => void): Choice[] {
  return fittingSockets(layout, [end]).flatMap((socket) => {
    const place = layout.places.get(socket.key);
    const input = place?.node.inputs?.[socket.slot];
    if (!place || !input) return [];
    const name = `${titleOf(place.node, place.schema)} → ${slotName(input)}`;
    return { name, type: input.type, choose: () => link(socket) };
  });
}
