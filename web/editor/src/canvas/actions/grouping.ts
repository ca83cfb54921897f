/** Groups. */

import type { Action } from "../../actions/action";
import { addGroup, addGroupAround, fitGroup, foldGroups, removeGroups } from "../../document/commands/groups";
import { inTurn } from "../../document/edit";
import { contentsOf, groupBox, isFolded } from "../../document/groups";
import { keyOf } from "../../document/workflow";
import { NOTHING } from "../../state/documents";
import type { Studio } from "../../state/studio";
import { hasGraph, hasGroup, type Here, withHere } from "./here";

const FRESH = [360, 240] as const;

/** Around what is selected, or where the pointer is. */
function group(studio: Studio, { selection, layout, graph }: Here): void {
  const boxes = [...selection.nodes].flatMap((key) => layout.places.get(key)?.box ?? []);
  for (const index of selection.groups) {
    const inner = graph.groups?.[index];
    if (inner) boxes.push(groupBox(inner));
  }
  const at = studio.canvas.getState().view?.pointer() ?? { x: 0, y: 0 };
  const title = studio.text("canvas.group");
  const made = (index: number): void => {
    studio.canvas.setState({ renaming: { kind: "group", index } });
  };
  const box = { x: at.x, y: at.y, width: FRESH[0], height: FRESH[1] };
  studio.documents.edit(
    "edit.group",
    boxes.length > 0 ? addGroupAround(title, boxes, made) : addGroup(title, box, made),
  );
}

export const GROUPING: readonly Action[] = [
  { id: "canvas.group", title: "canvas.group", keys: ["Ctrl+G"], when: hasGraph, run: withHere(group) },
  {
    id: "canvas.foldGroup",
    title: "canvas.foldGroup",
    when: hasGroup,
    run: withHere(({ documents }, { selection, graph }) => {
      const places = [...selection.groups];
      const isOpen = places.some((place) => graph.groups?.[place] && !isFolded(graph.groups[place]));
      documents.edit("edit.collapse", foldGroups(places, isOpen));
    }),
  },
  {
    id: "canvas.fitGroup",
    title: "canvas.fitGroup",
    when: hasGroup,
    run: withHere(({ documents }, { selection, layout, around, graph }) => {
      const fits = [...selection.groups].map((place) => {
        const { nodes, groups } = contentsOf(place, around);
        const inner = groups.flatMap((one) => (graph.groups?.[one] ? [groupBox(graph.groups[one])] : []));
        return fitGroup(place, [...nodes.flatMap((node) => layout.places.get(keyOf(node.id))?.box ?? []), ...inner]);
      });
      documents.edit("edit.resize", inTurn(...fits));
    }),
  },
  {
    id: "canvas.selectGroup",
    title: "canvas.selectGroup",
    when: hasGroup,
    run: withHere(({ documents }, { selection, around }) => {
      const nodes = [...selection.groups].flatMap((place) => contentsOf(place, around).nodes);
      documents.select({ ...NOTHING, nodes: new Set(nodes.map((node) => keyOf(node.id))) });
    }),
  },
  {
    id: "canvas.ungroup",
    title: "canvas.ungroup",
    when: hasGroup,
    run: withHere(({ documents }, { selection }) => {
      documents.edit("edit.remove", removeGroups([...selection.groups]));
      documents.select({ groups: new Set() });
    }),
  },
];
