/** What becomes of selected nodes: their mode, flags, colours, names, sizes. */

import type { Action } from "../../actions/action";
import { colourNodes, setFlag, sizeNode, toggleMode } from "../../document/commands/nodes";
import { setGroupFields } from "../../document/commands/groups";
import { inTurn } from "../../document/edit";
import { leastSize } from "../../document/geometry";
import { Mode, pair } from "../../document/workflow";
import type { MessageKey } from "../../i18n/messages";
import { hasNodes, hasAny, withHere } from "./here";

export const CHANGING: readonly Action[] = [
  {
    id: "canvas.mute",
    title: "canvas.mute",
    keys: ["Ctrl+M"],
    when: hasNodes(),
    run: withHere(({ documents }, { ids }) => documents.edit("edit.mute", toggleMode(ids, Mode.never))),
  },
  {
    id: "canvas.bypass",
    title: "canvas.bypass",
    keys: ["Ctrl+B"],
    when: hasNodes(),
    run: withHere(({ documents }, { ids }) => documents.edit("edit.bypass", toggleMode(ids, Mode.bypass))),
  },
  {
    id: "canvas.toggleCollapse",
    title: "canvas.toggleCollapse",
    keys: ["Alt+C"],
    when: hasNodes(),
    run: withHere(({ documents }, { ids, nodes }) => {
      const isAll = nodes.every((node) => node.flags?.collapsed);
      documents.edit("edit.collapse", setFlag(ids, "collapsed", !isAll));
    }),
  },
  {
    id: "canvas.pin",
    title: "canvas.pin",
    keys: ["P"],
    onCanvas: true,
    when: hasNodes(),
    run: withHere(({ documents }, { ids, nodes }) => {
      const isAll = nodes.every((node) => node.flags?.pinned);
      documents.edit("edit.pin", setFlag(ids, "pinned", !isAll));
    }),
  },
  {
    id: "canvas.rename",
    title: "canvas.rename",
    keys: ["F2"],
    onCanvas: true,
    when: hasAny,
    run: withHere((studio, { selection }) => {
      const [key] = selection.nodes;
      const [index] = selection.groups;
      if (key !== undefined) studio.canvas.setState({ renaming: { kind: "node", key } });
      else if (index !== undefined) studio.canvas.setState({ renaming: { kind: "group", index } });
    }),
  },
  {
    id: "canvas.resetSize",
    title: "canvas.resetSize",
    when: hasNodes(),
    run: withHere(({ documents }, { nodes, layout }) => {
      const sizes = nodes.map((node) => {
        const schema = layout.places.get(String(node.id))?.schema;
        const [width, height] = leastSize(node, schema);
        return sizeNode(node.id, [Math.max(width, pair(node.size, [width, height])[0]), height]);
      });
      documents.edit("edit.resize", inTurn(...sizes));
    }),
  },
];

/** A colour that nodes and groups can have; files keep one of titles and one of bodies. */
interface Colour {
  readonly name: MessageKey;
  readonly title: string | undefined;
  readonly body: string | undefined;
  readonly group: string | undefined;
}

/** Dark colours, as files of this kind have them; every theme makes them fit. */
export const COLOURS: readonly Colour[] = [
  { name: "canvas.colourNone", title: undefined, body: undefined, group: undefined },
  { name: "canvas.red", title: "#4a2428", body: "#5c2f33", group: "#a35555" },
  { name: "canvas.orange", title: "#43331f", body: "#574226", group: "#ad7e4c" },
  { name: "canvas.yellow", title: "#413f1d", body: "#565325", group: "#a99a3a" },
  { name: "canvas.green", title: "#223d27", body: "#2c5033", group: "#6f9a62" },
  { name: "canvas.cyan", title: "#1d3d40", body: "#255054", group: "#4d9499" },
  { name: "canvas.blue", title: "#232f4c", body: "#2d3d63", group: "#5672ae" },
  { name: "canvas.purple", title: "#36264a", body: "#473261", group: "#83609f" },
];

/** Actions that colour what is selected. */
export const COLOURING: readonly (Action & { readonly colour: Colour })[] = COLOURS.map((colour) => ({
  id: `canvas.colour.${colour.name.split(".")[1]}`,
  title: colour.name,
  colour,
  when: hasAny,
  run: withHere(({ documents }, { ids, selection }) => {
    const groups = setGroupFields([...selection.groups], { color: colour.group });
    documents.edit("edit.colour", inTurn(colourNodes(ids, colour.title, colour.body), groups));
  }),
}));
