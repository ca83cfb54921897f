/** Everything that can be done on the canvas. */

import type { Action } from "../actions/action";
import { ARRANGING } from "./actions/arranging";
import { CHANGING, COLOURING } from "./actions/changing";
import { CLIPBOARD } from "./actions/clipboard";
import { GROUPING } from "./actions/grouping";
import { KEYBOARD } from "./actions/keyboard";
import { LINKS } from "./actions/links";
import { SELECTING } from "./actions/selecting";
import { SLOTS } from "./actions/slots";
import { SUBGRAPHS } from "./actions/subgraphs";
import { VIEWING } from "./actions/viewing";

export const CANVAS_ACTIONS: readonly Action[] = [
  ...SLOTS, // before those on nodes, whose keys they share while a slot has the focus
  ...KEYBOARD,
  ...SELECTING,
  ...CLIPBOARD,
  ...CHANGING,
  ...COLOURING,
  ...GROUPING,
  ...LINKS,
  ...SUBGRAPHS,
  ...ARRANGING,
  ...VIEWING,
];
