import type { Action } from "../actions/action";
import type { Studio } from "../state/studio";
import { selectedTarget } from "./target";

/** Masking the picture of the selected node. */
export const MASK_ACTIONS: readonly Action[] = [
  {
    id: "masks.edit",
    title: "masks.edit",
    keys: ["M"],
    when: (studio) => selectedTarget(studio) !== null,
    run: openMask,
  },
];

function openMask(studio: Studio): void {
  const target = selectedTarget(studio);
  if (target) studio.ui.show("mask", { ...target });
}
