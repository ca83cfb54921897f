/** What stands in the context menus: actions by name, in groups. */

import type { Action } from "../../actions/action";
import { MASK_ACTIONS } from "../../masks/actions";
import { RUNNING_ACTIONS } from "../../running/actions";
import type { MenuTarget } from "../../state/canvas";
import { CANVAS_ACTIONS } from "../actions";

const EDITING = ["canvas.cut", "canvas.copy", "canvas.duplicate", "canvas.delete"] as const;
const ALIGNING = [
  "canvas.alignLeft",
  "canvas.alignCentre",
  "canvas.alignRight",
  "canvas.alignTop",
  "canvas.alignMiddle",
  "canvas.alignBottom",
  "canvas.distributeAcross",
  "canvas.distributeDown",
  "canvas.arrange",
] as const;

/** Names of actions; "colours" stands for the row of colours. Those that cannot be done now are left out. */
const ENTRIES: Readonly<Record<MenuTarget["kind"], readonly (readonly string[])[]>> = {
  canvas: [
    ["canvas.addNode", "canvas.group"],
    ["canvas.paste", "canvas.pasteLinked", "canvas.selectAll"],
    ["canvas.fit", "canvas.arrange", "canvas.leave", "canvas.renameSubgraph"],
    ["canvas.snap", "canvas.toggleMinimap", "canvas.styleCurved", "canvas.styleStraight", "canvas.styleStepped"],
  ],
  node: [
    ["running.queueUntil", "masks.edit"],
    ["canvas.rename", "canvas.enter", "canvas.showWidgets", "canvas.connect", "canvas.chooseLink"],
    ["canvas.mute", "canvas.bypass", "canvas.toggleCollapse", "canvas.pin", "canvas.resetSize"],
    ["colours"],
    ["canvas.group", "canvas.toSubgraph", "canvas.unpack", "canvas.clone"],
    ALIGNING,
    EDITING,
  ],
  group: [
    ["canvas.rename", "canvas.foldGroup", "canvas.fitGroup", "canvas.selectGroup"],
    ["colours"],
    ["canvas.duplicate", "canvas.ungroup"],
  ],
  reroute: [["canvas.delete"]],
  link: [["canvas.inspect"], ["canvas.addReroute", "canvas.insertNode"], ["canvas.deleteLink"]],
  slot: [["canvas.renameSlot", "canvas.slotUp", "canvas.slotDown"], ["canvas.removeSlot"]],
};

const BY_ID = new Map([...CANVAS_ACTIONS, ...RUNNING_ACTIONS, ...MASK_ACTIONS].map((action) => [action.id, action]));

/** An action, or the row of colours. */
export type Entry = Action | "colours";

export function entriesFor(target: MenuTarget): readonly (readonly Entry[])[] {
  return ENTRIES[target.kind].map((group) =>
    group.flatMap((name) => (name === "colours" ? "colours" : (BY_ID.get(name) ?? []))),
  );
}
