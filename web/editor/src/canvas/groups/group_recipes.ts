/** Edits of groups that are asked for on the canvas alone. */

import type { Recipe } from "../../document/edit";
import type { Group } from "../../document/workflow";

export function isGroupFolded(group: Group): boolean {
  return group.flags?.["collapsed"] === true;
}

export function renameGroup(index: number, title: string): Recipe {
  return (graph) => {
    const group = graph.groups?.[index];
    if (group) group.title = title;
  };
}
