import { titleOf } from "../../document/geometry";
import { indexOf, type Link } from "../../document/links";
import { keyOf } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import type { Point } from "../../state/canvas";
import { useCanvas, useStudio } from "../../state/studio";
import { here } from "../actions/here";
import type { Layout } from "../layout/layout";
import { slotName } from "../nodes/labels";
import { Popover } from "../overlays/Popover";
import { selectOnly } from "../selecting";
import { type Choice, ChoiceList } from "./ChoiceList";

/** A node's links, for those who do not click on them: the chosen one is selected and its menu opens. */
export function LinkList() {
  const list = useCanvas((state) => state.list);
  return list?.of === "links" ? <Opened node={list.node} /> : null;
}

function Opened({ node }: { readonly node: string }) {
  const t = useText();
  const studio = useStudio();
  const layout = here(studio)?.layout;
  const place = layout?.places.get(node);
  if (!layout || !place) return null;
  const view = studio.canvas.getState().view;
  const close = (): void => {
    studio.canvas.setState({ list: null });
    view?.focus(node);
  };
  const { incoming, outgoing } = indexOf(layout.graph);
  const choices = [...(incoming.get(node) ?? []), ...(outgoing.get(node) ?? [])].map((link): Choice => {
    const middle = middleOf(layout.lines.get(link.id)?.points ?? []);
    const choose = (): void => {
      selectOnly(studio, "links", link.id);
      const spot = middle ?? { x: place.box.x, y: place.box.y };
      view?.reveal({ ...spot, width: 1, height: 1 });
      const target = { kind: "link", id: link.id } as const;
      studio.canvas.setState({
        list: null,
        menu: { at: view?.toScreen(spot) ?? spot, place: spot, target, owner: node },
      });
    };
    return { name: nameOf(layout, link, node), type: link.type, choose };
  });
  const at = view?.toScreen({ x: place.box.x + place.box.width + 12, y: place.box.y });
  const heading = t("canvas.chooseLink").replace(/ …$/, "");
  return (
    <Popover at={at ?? { x: 80, y: 80 }} label={heading} close={close} className="connect-list">
      <h4>{heading}</h4>
      <ChoiceList choices={choices} nothing={t("canvas.noLinks")} label={heading} />
    </Popover>
  );
}

/** "clip ← Base checkpoint, CLIP", "LATENT → Decode, samples": what is at this node stands first. */
function nameOf(layout: Layout, link: Link, node: string): string {
  const from = layout.places.get(keyOf(link.from));
  const to = layout.places.get(keyOf(link.to));
  const output = from?.node.outputs?.[link.fromSlot];
  const input = to?.node.inputs?.[link.toSlot];
  const [given, taken] = [output ? slotName(output) : "", input ? slotName(input) : ""];
  if (keyOf(link.to) === node) return `${taken} ← ${from ? titleOf(from.node, from.schema) : ""}, ${given}`;
  return `${given} → ${to ? titleOf(to.node, to.schema) : ""}, ${taken}`;
}

/** Where a way of points is halfway. */
function middleOf(points: readonly Point[]): Point | null {
  const before = points[Math.floor((points.length - 1) / 2)];
  const after = points[Math.ceil((points.length - 1) / 2)];
  if (!before || !after) return null;
  if (points.length % 2 === 1) return before;
  return { x: (before.x + after.x) / 2, y: (before.y + after.y) / 2 };
}
