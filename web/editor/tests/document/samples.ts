/** A small catalogue and workflows made with the commands, for tests. */

import { addNode, freshNode } from "../../src/document/commands/nodes";
import { connect } from "../../src/document/commands/links";
import { edited, type Recipe } from "../../src/document/edit";
import { type Catalogue, readCatalogue } from "../../src/document/schema";
import type { NodeId, Scope, Workflow } from "../../src/document/workflow";

const OUTPUT = (types: readonly string[]) => ({
  output: types,
  output_name: types,
  output_is_list: types.map(() => false),
});

export const CATALOGUE: Catalogue = readCatalogue({
  Loader: {
    display_name: "Load it",
    input: { required: { file: [["a.safetensors", "b.safetensors"]] } },
    ...OUTPUT(["MODEL", "CLIP", "VAE"]),
  },
  Encode: {
    input: { required: { text: ["STRING", { multiline: true }], clip: ["CLIP"] } },
    ...OUTPUT(["CONDITIONING"]),
  },
  Empty: {
    input: { required: { width: ["INT", { default: 512, min: 16, max: 4096, step: 8 }] } },
    ...OUTPUT(["LATENT"]),
  },
  Sampler: {
    input: {
      required: {
        model: ["MODEL"],
        seed: ["INT", { default: 0, min: 0, max: 1000 }],
        steps: ["INT", { default: 20, min: 1, max: 100 }],
        cfg: ["FLOAT", { default: 8, min: 0, max: 100, step: 0.1 }],
        name: [["euler", "heun", "dpm"]],
        positive: ["CONDITIONING"],
        latent: ["LATENT"],
      },
    },
    ...OUTPUT(["LATENT"]),
  },
  Decode: { input: { required: { samples: ["LATENT"], vae: ["VAE"] } }, ...OUTPUT(["IMAGE"]) },
  Save: {
    input: { required: { images: ["IMAGE"], prefix: ["STRING", { default: "weft" }] } },
    output_node: true,
    ...OUTPUT([]),
  },
  Scale: { input: { required: { image: ["IMAGE"], by: ["FLOAT", { default: 2 }] } }, ...OUTPUT(["IMAGE"]) },
});

export const EMPTY: Workflow = {
  last_node_id: 0,
  last_link_id: 0,
  nodes: [],
  links: [],
  groups: [],
  config: {},
  extra: {},
  version: 0.4,
};

/** A workflow with some recipes applied to it. */
export function after(workflow: Workflow, ...recipes: readonly Recipe[]): Workflow {
  return recipes.reduce((before, recipe) => edited(before, null, recipe), workflow);
}

export function inside(workflow: Workflow, scope: Scope, ...recipes: readonly Recipe[]): Workflow {
  return recipes.reduce((before, recipe) => edited(before, scope, recipe), workflow);
}

/** Add a node of a type. */
export function add(type: string, x = 0, y = 0, made?: (id: NodeId) => void): Recipe {
  const schema = CATALOGUE.get(type);
  if (!schema) throw new Error(`The sample catalogue has no ${type}.`);
  return addNode(freshNode(schema, [x, y]), made);
}

/** Link output `slot` of a node to the input of that name. */
export function link(from: NodeId, slot: number, to: NodeId, input: string): Recipe {
  return (graph, workflow) => {
    const target = graph.nodes.find((node) => node.id === to);
    const place = target?.inputs?.findIndex((one) => one.name === input) ?? -1;
    connect({ node: from, slot }, { node: to, slot: place }, CATALOGUE)(graph, workflow);
  };
}

/** Load 1 -> encode 2 -> sample 4 (with empty 3) -> decode 5 -> save 6. */
export const PICTURE: Workflow = after(
  EMPTY,
  ...["Loader", "Encode", "Empty", "Sampler", "Decode", "Save"].map((type, place) => add(type, place * 400, 0)),
  link(1, 1, 2, "clip"),
  link(1, 0, 4, "model"),
  link(2, 0, 4, "positive"),
  link(3, 0, 4, "latent"),
  link(4, 0, 5, "samples"),
  link(1, 2, 5, "vae"),
  link(5, 0, 6, "images"),
);

/** The node with an id. */
export function nodeAt(workflow: Workflow, id: NodeId) {
  const node = workflow.nodes.find((one) => one.id === id);
  if (!node) throw new Error(`There is no node ${id}.`);
  return node;
}
