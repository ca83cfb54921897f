/** Commands on nodes: add, remove, move, size, fields. */

import type { Draft } from "immer";
import type { Recipe } from "../edit";
import { peek, removeWhere } from "../edit";
import { freshSize } from "../geometry";
import type { Json } from "../json";
import type { NodeSchema } from "../schema";
import { freshValues } from "../widgets";
import type { FreshNode, NodeId, NodeInput, WorkflowNode } from "../workflow";
import { keyOf, pair } from "../workflow";
import { findNodes } from "./find";
import { nextNodeId } from "./ids";
import { removeLinks } from "./links";
import { bridged } from "./reconnect";

/** A node of a type as a person gets it from the search, at the top left of its body. */
export function freshNode(schema: NodeSchema, pos: readonly [number, number]): FreshNode {
  const inputs: NodeInput[] = schema.inputs.map((spec) => ({
    name: spec.name,
    type: spec.type,
    link: null,
    ...(spec.optional ? { shape: 7 } : {}),
    ...(spec.isWidget ? { widget: { name: spec.name } } : {}),
  }));
  const values = freshValues(schema);
  const node = {
    type: schema.type,
    pos: [pos[0], pos[1]] as const,
    size: [0, 0] as const,
    flags: {},
    order: 0,
    mode: 0,
    inputs: [...inputs.filter((input) => !input.widget), ...inputs.filter((input) => input.widget)],
    outputs: schema.outputs.map((output) => ({
      name: output.name,
      type: output.type,
      links: null,
      ...(output.isList ? { shape: 6 } : {}),
    })),
    properties: { "Node name for S&R": schema.type },
    ...(values.length > 0 ? { widgets_values: values } : {}),
  };
  return { ...node, size: freshSize({ id: 0, ...node }, schema) };
}

/** Add a node; `made` is told its id. */
export function addNode(node: FreshNode, made?: (id: NodeId) => void): Recipe {
  return (graph, workflow) => {
    const id = nextNodeId(graph, workflow);
    graph.nodes.push({ ...node, id, order: graph.nodes.length } as Draft<WorkflowNode>);
    made?.(id);
  };
}

/** Remove nodes and the links that end at them; with `reconnect`, what fed them feeds what they fed, type by type. */
export function removeNodes(ids: readonly NodeId[], reconnect = false): Recipe {
  return (graph, workflow) => {
    const gone = new Set(ids.map(keyOf));
    const bridges = reconnect ? bridged(graph, gone) : [];
    removeLinks((link) => gone.has(keyOf(link.from)) || gone.has(keyOf(link.to)))(graph, workflow);
    removeWhere(graph.nodes, (node) => gone.has(keyOf(node.id)));
    for (const bridge of bridges) bridge(graph, workflow);
  };
}

/** Move nodes by a distance. */
export function moveNodes(ids: readonly NodeId[], dx: number, dy: number): Recipe {
  return onNodes(ids, (node) => {
    const [x, y] = pair(peek(node, "pos"));
    node.pos = [x + dx, y + dy];
  });
}

/** Put nodes at places: top left of their bodies, by the key of their ids. */
export function placeNodes(places: ReadonlyMap<string, readonly [number, number]>): Recipe {
  return onNodes([...places.keys()], (node) => {
    const place = places.get(keyOf(node.id));
    if (place) node.pos = [place[0], place[1]];
  });
}

/** Set the size of a node's body. */
export function sizeNode(id: NodeId, size: readonly [number, number]): Recipe {
  return onNodes([id], (node) => {
    node.size = [size[0], size[1]];
  });
}

/** Set fields of nodes: title, color, bgcolor, mode, shape. `undefined` removes a field. */
export function setFields(ids: readonly NodeId[], fields: { readonly [name: string]: Json | undefined }): Recipe {
  return onNodes(ids, (node) => {
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) delete (node as Record<string, unknown>)[name];
      else (node as Record<string, unknown>)[name] = value;
    }
  });
}

/** Set a property of nodes; `undefined` removes it. */
export function setProperty(ids: readonly NodeId[], name: string, value: Json | undefined): Recipe {
  return onNodes(ids, (node) => {
    const properties = { ...node.properties };
    if (value === undefined) delete properties[name];
    else properties[name] = value;
    node.properties = properties;
  });
}

/** Set a flag of nodes: collapsed, pinned. */
export function setFlag(ids: readonly NodeId[], flag: string, on: boolean): Recipe {
  return onNodes(ids, (node) => {
    const flags = (node.flags ??= {}) as Record<string, unknown>;
    if (on) flags[flag] = true;
    else delete flags[flag];
  });
}

/** Give nodes a mode (`Mode.never`: muted, `Mode.bypass`); nodes that all have it already go back to `Mode.always`. */
export function toggleMode(ids: readonly NodeId[], mode: number): Recipe {
  return (graph) => {
    const nodes = findNodes(graph, ids);
    const back = nodes.every((node) => node.mode === mode);
    for (const node of nodes) node.mode = back ? 0 : mode;
  };
}

/** The colours of nodes' titles and bodies; `undefined` takes a colour away. */
export function colourNodes(ids: readonly NodeId[], color: string | undefined, bgcolor: string | undefined): Recipe {
  return setFields(ids, { color, bgcolor });
}

/** Apply a change to each node of some ids. */
export function onNodes(ids: readonly NodeId[], change: (node: Draft<WorkflowNode>) => void): Recipe {
  return (graph) => {
    for (const node of findNodes(graph, ids)) change(node);
  };
}

export { setWidgetValue } from "./widgets";
