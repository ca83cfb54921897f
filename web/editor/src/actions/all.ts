/** Every action of the editor. */

import { CANVAS_ACTIONS } from "../canvas/actions";
import { GRID_ACTIONS } from "../grid/actions";
import { INSPECT_ACTIONS } from "../inspect/actions";
import { LIBRARY_ACTIONS } from "../library/actions";
import { MASK_ACTIONS } from "../masks/actions";
import { RUNNING_ACTIONS } from "../running/actions";
import { SHELL_ACTIONS } from "../shell/actions";
import { WIDGET_ACTIONS } from "../widgets/actions";
import { WORKFLOW_ACTIONS } from "../workflows/actions";
import type { Action } from "./action";

export const ACTIONS: readonly Action[] = [
  ...RUNNING_ACTIONS,
  ...CANVAS_ACTIONS,
  ...WIDGET_ACTIONS,
  ...WORKFLOW_ACTIONS,
  ...LIBRARY_ACTIONS,
  ...INSPECT_ACTIONS,
  ...MASK_ACTIONS,
  ...GRID_ACTIONS,
  ...SHELL_ACTIONS,
];
