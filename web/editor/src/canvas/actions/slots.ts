/** The inputs and outputs of the shown subgraph: named, ordered, removed; and widgets that it shows to the outside. */

import { flushSync } from "react-dom";
import type { Action } from "../../actions/action";
import { moveSlot, removeSlot } from "../../document/commands/subgraph_edit";
import type { SubgraphDefinition } from "../../document/workflow";
import type { BorderSlot } from "../../state/canvas";
import { activeTab, shownGraph } from "../../state/documents";
import type { Studio } from "../../state/studio";
import { focusSlot, slotOf } from "../nodes/border_slots";
import { here } from "./here";

/** The slot that the menu is about, else the one that has the focus. */
function slotHere(studio: Studio): BorderSlot | null {
  const target = studio.canvas.getState().menu?.target;
  if (target) return target.kind === "slot" ? target : null;
  return slotOf(document.activeElement);
}

function countAt(studio: Studio, { side }: BorderSlot): number {
  const tab = activeTab(studio.documents.getState());
  return (tab && (shownGraph(tab) as Partial<SubgraphDefinition>)[side]?.length) ?? 0;
}

const hasSlot = (studio: Studio): boolean => slotHere(studio) !== null;

/** Whether the slot can go on by so many places. */
const hasRoom = (by: number) => (studio: Studio) => {
  const at = slotHere(studio);
  return at !== null && at.slot + by >= 0 && at.slot + by < countAt(studio, at);
};

const move = (by: number) => (studio: Studio) => {
  const at = slotHere(studio);
  if (!at) return;
  const to = at.slot + by;
  flushSync(() => studio.documents.edit("edit.slot", moveSlot(at.side, at.slot, to)));
  focusSlot({ ...at, slot: to });
};

export const SLOTS: readonly Action[] = [
  {
    id: "canvas.renameSlot",
    title: "canvas.renameSlot",
    keys: ["F2"],
    when: hasSlot,
    run(studio) {
      const at = slotHere(studio);
      if (at) studio.canvas.setState({ renaming: { kind: "slot", side: at.side, slot: at.slot } });
    },
  },
  {
    id: "canvas.slotUp",
    title: "canvas.slotUp",
    keys: ["Ctrl+ArrowUp"],
    when: hasRoom(-1),
    run: move(-1),
  },
  {
    id: "canvas.slotDown",
    title: "canvas.slotDown",
    keys: ["Ctrl+ArrowDown"],
    when: hasRoom(1),
    run: move(1),
  },
  {
    id: "canvas.removeSlot",
    title: "canvas.removeSlot",
    keys: ["Delete", "Backspace"],
    when: hasSlot,
    run(studio) {
      const at = slotHere(studio);
      if (!at) return;
      flushSync(() => studio.documents.edit("edit.slot", removeSlot(at.side, at.slot)));
      focusSlot({ ...at, slot: Math.min(at.slot, countAt(studio, at) - 1) });
    },
  },
  {
    id: "canvas.showWidgets",
    title: "canvas.showWidgets",
    when: (studio) =>
      (activeTab(studio.documents.getState())?.trail.length ?? 0) > 0 && here(studio)?.nodes.length === 1,
    run(studio) {
      const [node] = here(studio)?.selection.nodes ?? [];
      if (node !== undefined) studio.canvas.setState({ list: { of: "widgets", node } });
    },
  },
];
