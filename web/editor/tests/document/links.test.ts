import { expect, test } from "vitest";
import { offers } from "../../src/canvas/search/offers";
import { connect, disconnect, disconnectInput } from "../../src/document/commands/links";
import { addNode, removeNodes } from "../../src/document/commands/nodes";
import { edited } from "../../src/document/edit";
import { indexOf } from "../../src/document/links";
import {
  closesCircle,
  downstreamOf,
  firstFittingInput,
  outputNodes,
  typesThatGive,
  typesThatTake,
  upstreamOf,
} from "../../src/document/queries";
import { readCatalogue } from "../../src/document/schema";
import { PRIMITIVE, REROUTE } from "../../src/document/virtual";
import { widgetsOf } from "../../src/document/widgets";
import type { FreshNode, Workflow } from "../../src/document/workflow";
import { faultsOf } from "./invariants";
import { add, after, CATALOGUE, EMPTY, link, nodeAt, PICTURE } from "./samples";

const reroute: FreshNode = {
  type: REROUTE,
  pos: [0, 0],
  inputs: [{ name: "", type: "*", link: null }],
  outputs: [{ name: "", type: "*", links: null }],
};
const primitive: FreshNode = {
  type: PRIMITIVE,
  pos: [0, 0],
  inputs: [],
  outputs: [{ name: "connect to widget input", type: "*", links: null }],
};

function types(workflow: Workflow): unknown[] {
  return [...indexOf(workflow).links.values()].map((one) => one.type);
}

test("a sample is sound, and its counters follow", () => {
  expect(faultsOf(PICTURE)).toEqual([]);
  expect([PICTURE.last_node_id, PICTURE.last_link_id]).toEqual([6, 7]);
});

test("an input has one link: a second one replaces the first", () => {
  const changed = after(PICTURE, add("Loader"), link(7, 0, 4, "model"));
  expect(faultsOf(changed)).toEqual([]);
  expect(indexOf(changed).links.size).toBe(7);
  expect(nodeAt(changed, 1).outputs?.[0]?.links).toEqual([]);
});

test("ends that do not fit, are missing or are the same are not linked", () => {
  for (const recipe of [
    link(1, 2, 4, "model"),
    link(4, 0, 4, "latent"),
    link(9, 0, 4, "latent"),
    link(1, 9, 4, "model"),
    link(1, 0, 4, "none"),
  ]) {
    expect(after(PICTURE, recipe)).toBe(PICTURE);
  }
});

test("links go away with both ends", () => {
  const [first] = indexOf(PICTURE).links.keys();
  const changed = after(PICTURE, disconnect([first ?? 0]), disconnectInput({ node: 5, slot: 0 }));
  expect(faultsOf(changed)).toEqual([]);
  expect(indexOf(changed).links.size).toBe(5);
});

test("an input that names a link which is not there can be freed", () => {
  const stale = after(PICTURE, (graph) => void graph.links.splice(0, 1));
  expect(faultsOf(stale).length).toBeGreaterThan(0);
  const slot = nodeAt(stale, 2).inputs?.findIndex((input) => input.name === "clip") ?? -1;
  expect(nodeAt(after(stale, disconnectInput({ node: 2, slot })), 2).inputs?.[slot]?.link).toBe(null);
});

test("removed nodes take their links along, or leave what goes through them linked", () => {
  const between = after(
    PICTURE,
    add("Scale"),
    add("Scale"),
    link(5, 0, 7, "image"),
    link(7, 0, 8, "image"),
    link(8, 0, 6, "images"),
  );
  const torn = after(between, removeNodes([7, 8]));
  const whole = after(between, removeNodes([7, 8], true));
  expect([faultsOf(torn), faultsOf(whole)]).toEqual([[], []]);
  expect(nodeAt(torn, 6).inputs?.[0]?.link).toBe(null);
  expect(downstreamOf(whole, 5)).toEqual(new Set(["6"]));
});

test("a chain of reroutes has the type of what it comes from, whichever end is linked first", () => {
  const chain = after(EMPTY, add("Loader"), add("Sampler"), addNode(reroute), addNode(reroute));
  const backwards = after(chain, link(3, 0, 4, ""), link(4, 0, 2, "model"), link(1, 0, 3, ""));
  expect(types(backwards)).toEqual(["MODEL", "MODEL", "MODEL"]);
  expect(faultsOf(backwards)).toEqual([]);
  const wrong = after(backwards, link(1, 1, 3, ""));
  expect(nodeAt(wrong, 4).outputs?.[0]?.type).toBe("CLIP");
  const left = after(backwards, removeNodes([1, 2]));
  expect([nodeAt(left, 3).outputs?.[0]?.type, nodeAt(left, 4).outputs?.[0]?.type]).toEqual(["*", "*"]);
});

test("a primitive becomes what it is linked to, with that widget's value, and nothing again", () => {
  const linked = after(EMPTY, add("Sampler"), addNode(primitive), link(2, 0, 1, "name"));
  const around = { workflow: linked, graph: linked, catalogue: CATALOGUE };
  expect(nodeAt(linked, 2).widgets_values).toEqual(["euler", "fixed", ""]);
  expect(nodeAt(linked, 2).outputs?.[0]).toMatchObject({ name: "COMBO", type: "COMBO", widget: { name: "name" } });
  const [widget] = widgetsOf(nodeAt(linked, 2), undefined, around);
  expect(widget).toMatchObject({ name: "value", value: "euler", control: "fixed" });
  expect(widget?.spec.choices).toEqual(["euler", "heun", "dpm"]);
  expect(widgetsOf(nodeAt(linked, 1), CATALOGUE.get("Sampler")).find((one) => one.name === "name")?.linked).toBe(true);
  const unlinked = after(linked, disconnectInput({ node: 1, slot: 6 }));
  expect(faultsOf(unlinked)).toEqual([]);
  expect(nodeAt(unlinked, 2).outputs?.[0]?.type).toBe("*");
});

test("only what a command changes is a new object", () => {
  const changed = edited(PICTURE, null, connect({ node: 3, slot: 0 }, { node: 5, slot: 0 }));
  const same = PICTURE.nodes.filter((node, place) => node === changed.nodes[place]).map((node) => node.id);
  expect(same).toEqual([1, 2, 6]);
});

test("questions about graphs are answered", () => {
  expect(upstreamOf(PICTURE, 5)).toEqual(new Set(["4", "1", "2", "3"]));
  expect(closesCircle(PICTURE, 5, 2)).toBe(true);
  expect(closesCircle(PICTURE, 3, 5)).toBe(false);
  expect(firstFittingInput(nodeAt(PICTURE, 4), "LATENT")).toBe(2);
  expect(firstFittingInput(nodeAt(PICTURE, 4), "AUDIO")).toBe(null);
  expect(typesThatTake(CATALOGUE, "IMAGE").map((one) => one.type)).toEqual(["Save", "Scale"]);
  expect(typesThatGive(CATALOGUE, "LATENT").map((one) => one.type)).toEqual(["Empty", "Sampler"]);
  expect(outputNodes({ workflow: PICTURE, graph: PICTURE, catalogue: CATALOGUE }).map((node) => node.id)).toEqual([6]);
});

test("types that nobody adds by hand are not offered", () => {
  const made = readCatalogue({
    Plain: { input: { required: { image: ["IMAGE"] } }, output: ["IMAGE"] },
    Inner: { input: { required: { image: ["IMAGE"] } }, output: ["IMAGE"], dev_only: true },
  });
  expect(typesThatTake(made, "IMAGE").map((one) => one.type)).toEqual(["Plain"]);
  expect(typesThatGive(made, "IMAGE").map((one) => one.type)).toEqual(["Plain"]);
  const search = { at: { x: 0, y: 0 }, place: { x: 0, y: 0 }, ends: [], into: null };
  const offered = offers(made, EMPTY, search, (key) => key).map((one) => one.type);
  expect(offered).toContain("Plain");
  expect(offered).not.toContain("Inner");
});
