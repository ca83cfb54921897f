/** Moving selected things by keys, aligning and spreading them, and laying out the whole. */

import type { Action } from "../../actions/action";
import { alignNodes, type Alignment, arrangeNodes, distributeNodes } from "../../document/commands/arrange";
import type { MessageKey } from "../../i18n/messages";
import { movedSelection } from "../gestures/moved";
import { moveAll } from "../gestures/move_recipe";
import { GRID } from "../grid";
import { hasAny, hasGraph, hasNodes, withHere } from "./here";

const FAR = 10; // times as far with Shift

const WAYS = [
  { name: "canvas.moveLeft", key: "ArrowLeft", x: -GRID, y: 0 },
  { name: "canvas.moveRight", key: "ArrowRight", x: GRID, y: 0 },
  { name: "canvas.moveUp", key: "ArrowUp", x: 0, y: -GRID },
  { name: "canvas.moveDown", key: "ArrowDown", x: 0, y: GRID },
] as const;

function moving(name: MessageKey, key: string, x: number, y: number): Action {
  return {
    id: name,
    title: name,
    keys: [key],
    onCanvas: true,
    when: hasAny,
    run: withHere((studio, { layout }) => {
      studio.documents.edit("edit.move", moveAll(movedSelection(studio, layout), x, y), "arrows");
    }),
  };
}

const ALIGNMENTS: Readonly<Record<Alignment, MessageKey>> = {
  left: "canvas.alignLeft",
  centre: "canvas.alignCentre",
  right: "canvas.alignRight",
  top: "canvas.alignTop",
  middle: "canvas.alignMiddle",
  bottom: "canvas.alignBottom",
};

export const ALIGNING: readonly Action[] = [
  ...(Object.entries(ALIGNMENTS) as [Alignment, MessageKey][]).map(([alignment, title]) => ({
    id: title,
    title,
    when: hasNodes(2),
    run: withHere(({ documents }, { ids, around }) => documents.edit("edit.align", alignNodes(ids, alignment, around))),
  })),
  {
    id: "canvas.distributeAcross",
    title: "canvas.distributeAcross",
    when: hasNodes(3),
    run: withHere(({ documents }, { ids, around }) =>
      documents.edit("edit.align", distributeNodes(ids, "across", around)),
    ),
  },
  {
    id: "canvas.distributeDown",
    title: "canvas.distributeDown",
    when: hasNodes(3),
    run: withHere(({ documents }, { ids, around }) =>
      documents.edit("edit.align", distributeNodes(ids, "down", around)),
    ),
  },
  {
    id: "canvas.arrange",
    title: "canvas.arrange",
    when: hasGraph,
    run: withHere(({ documents }, { ids, around }) => documents.edit("edit.arrange", arrangeNodes(ids, around))),
  },
];

export const ARRANGING: readonly Action[] = [
  ...WAYS.map(({ name, key, x, y }) => moving(name, key, x, y)),
  ...WAYS.map(({ name, key, x, y }) => moving(`${name}Far` as const, `Shift+${key}`, x * FAR, y * FAR)),
  ...ALIGNING,
];
