/** Commands on groups. Groups are told by their place in the list. */

import type { Draft } from "immer";
import type { Recipe } from "../edit";
import type { Box } from "../geometry";
import { boxAround, type GroupContents } from "../groups";
import type { Json } from "../json";
import type { Group } from "../workflow";
import { nextGroupId } from "./ids";
import { moveNodes } from "./nodes";
import { moveReroutes } from "./reroutes";

/** The colour of a fresh group in the stock editor. */
const USUAL_COLOUR = "#3f789e";

/** Add a group; `made` is told its place. */
export function addGroup(title: string, box: Box, made?: (place: number) => void, color = USUAL_COLOUR): Recipe {
  return (graph, workflow) => {
    const id = nextGroupId(graph, workflow);
    const bounding: Group["bounding"] = [box.x, box.y, box.width, box.height];
    (graph.groups ??= []).push({ id, title, bounding, color, flags: {} } as Draft<Group>);
    made?.(graph.groups.length - 1);
  };
}

/** Add a group around boxes (of nodes and other groups). Nothing happens around nothing. */
export function addGroupAround(title: string, boxes: readonly Box[], made?: (place: number) => void): Recipe {
  const box = boxAround(boxes);
  return box ? addGroup(title, box, made) : () => undefined;
}

/** Make a group just as large as what it holds. */
export function fitGroup(place: number, boxes: readonly Box[]): Recipe {
  const box = boxAround(boxes);
  return box ? boundGroup(place, box) : () => undefined;
}

/** Set a group's box; what it holds stays where it is. */
export function boundGroup(place: number, box: Box): Recipe {
  return onGroups([place], (group) => {
    group.bounding = [box.x, box.y, box.width, box.height];
  });
}

/** Move groups, and with them what they hold. Each thing moves once, however many of the groups hold it. */
export function moveGroups(
  places: readonly number[],
  contents: readonly GroupContents[],
  dx: number,
  dy: number,
): Recipe {
  const groups = new Set([...places, ...contents.flatMap((one) => one.groups)]);
  const nodes = [...new Set(contents.flatMap((one) => one.nodes.map((node) => node.id)))];
  const reroutes = [...new Set(contents.flatMap((one) => one.reroutes))];
  return (graph, workflow) => {
    onGroups([...groups], (group) => {
      const [x, y, width, height] = group.bounding;
      group.bounding = [x + dx, y + dy, width, height];
    })(graph, workflow);
    moveNodes(nodes, dx, dy)(graph, workflow);
    moveReroutes(reroutes, dx, dy)(graph, workflow);
  };
}

/** Set fields of groups: title, color, font_size. `undefined` removes a field. */
export function setGroupFields(
  places: readonly number[],
  fields: { readonly [name: string]: Json | undefined },
): Recipe {
  return onGroups(places, (group) => {
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) delete (group as Record<string, unknown>)[name];
      else (group as Record<string, unknown>)[name] = value;
    }
  });
}

/** Fold groups or open them. Other editors do not know the flag and show them open. */
export function foldGroups(places: readonly number[], folded: boolean): Recipe {
  return onGroups(places, (group) => {
    const flags = { ...group.flags };
    if (folded) flags.collapsed = true;
    else delete flags.collapsed;
    group.flags = flags;
  });
}

/** Remove groups; what they hold stays. */
export function removeGroups(places: readonly number[]): Recipe {
  return (graph) => {
    for (const place of [...places].sort((a, b) => b - a)) graph.groups?.splice(place, 1);
  };
}

/** Change the groups at some places. */
export function onGroups(places: readonly number[], change: (group: Draft<Group>) => void): Recipe {
  return (graph) => {
    for (const place of places) {
      const group = graph.groups?.[place];
      if (group) change(group);
    }
  };
}
