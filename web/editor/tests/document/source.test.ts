import { expect, test } from "vitest";
import { connect } from "../../src/document/commands/links";
import { toggleMode } from "../../src/document/commands/nodes";
import { indexOf, type Link } from "../../src/document/links";
import { sourceOfLink, sourceOfOutput } from "../../src/document/source";
import { makeSubgraph } from "../../src/document/subgraphs";
import type { Graph, NodeId, Workflow } from "../../src/document/workflow";
import { definitionsOf, INPUT_NODE, Mode, OUTPUT_NODE } from "../../src/document/workflow";
import { add, after, CATALOGUE, link, nodeAt, PICTURE } from "./samples";

function into(graph: Graph, to: NodeId, from?: NodeId): Link {
  const found = [...indexOf(graph).links.values()].find(
    (one) => one.to === to && (from === undefined || one.from === from),
  );
  if (!found) throw new Error(`Nothing is linked to node ${to}.`);
  return found;
}

/** Nodes 2 (encode) and 4 (sample) are inside of node 7. */
const MADE = after(PICTURE, makeSubgraph([2, 4], "Sampling", CATALOGUE));
const [INSIDE] = definitionsOf(MADE);
const TRAIL = [{ instance: 7, subgraph: INSIDE?.id ?? "" }];

function reroute(workflow: Workflow, id: number): Workflow {
  const socket = { name: "", type: "*" };
  const node = { id, type: "Reroute", pos: [0, 0] as const, inputs: [socket], outputs: [{ ...socket, links: [] }] };
  return { ...workflow, nodes: [...workflow.nodes, node], last_node_id: id };
}

test("an ordinary link comes from the node at its beginning", () => {
  expect(sourceOfLink(PICTURE, [], into(PICTURE, 5, 4))).toEqual({ node: "4", slot: 0 });
});

test("out of an instance comes what gives it inside", () => {
  expect(sourceOfLink(MADE, [], into(MADE, 5, 7))).toEqual({ node: "7:4", slot: 0 });
  expect(sourceOfOutput(MADE, [], nodeAt(MADE, 7), 0)).toEqual({ node: "7:4", slot: 0 });
});

test("from the border of a subgraph comes what its instance is given; inside, ids tell the instance", () => {
  if (!INSIDE) throw new Error("There is no definition.");
  const clip = into(INSIDE, 2, INPUT_NODE);
  expect(sourceOfLink(MADE, TRAIL, clip)).toEqual({ node: "1", slot: 1 });
  expect(sourceOfLink(MADE, TRAIL, into(INSIDE, 4, 2))).toEqual({ node: "7:2", slot: 0 });
  expect(sourceOfLink(MADE, TRAIL, into(INSIDE, OUTPUT_NODE))).toEqual({ node: "7:4", slot: 0 });
});

test("a border's input that stands for a widget gets its value from no node", () => {
  if (!INSIDE) throw new Error("There is no definition.");
  const text = (INSIDE.inputs ?? []).findIndex((slot) => slot.name === "text");
  const found = [...indexOf(INSIDE).links.values()].find((one) => one.from === INPUT_NODE && one.fromSlot === text);
  if (!found) throw new Error("The text is not linked.");
  expect(sourceOfLink(MADE, TRAIL, found)).toBeNull();
});

test("slots of an instance that has others are found by name", () => {
  const model = nodeAt(MADE, 7).inputs ?? [];
  const turned = [...model].reverse();
  const links = MADE.links.map((raw) =>
    Array.isArray(raw) && raw[3] === 7
      ? ([...raw.slice(0, 4), model.length - 1 - Number(raw[4]), raw[5]] as never)
      : raw,
  );
  const nodes = MADE.nodes.map((node) => (node.id === 7 ? { ...node, inputs: turned } : node));
  const workflow = { ...MADE, nodes, links };
  if (!INSIDE) throw new Error("There is no definition.");
  expect(sourceOfLink(workflow, TRAIL, into(INSIDE, 2, INPUT_NODE))).toEqual({ node: "1", slot: 1 });
});

test("reroutes and bypassed nodes are passed, by the type that is wanted", () => {
  const routed = after(
    reroute(PICTURE, 8),
    connect({ node: 5, slot: 0 }, { node: 8, slot: 0 }),
    connect({ node: 8, slot: 0 }, { node: 6, slot: 0 }),
  );
  expect(sourceOfLink(routed, [], into(routed, 6))).toEqual({ node: "5", slot: 0 });
  const scaled = after(PICTURE, add("Scale"), link(5, 0, 7, "image"), link(7, 0, 6, "images"));
  expect(sourceOfLink(scaled, [], into(scaled, 6))).toEqual({ node: "7", slot: 0 });
  const bypassed = after(scaled, toggleMode([7], Mode.bypass));
  expect(sourceOfLink(bypassed, [], into(bypassed, 6))).toEqual({ node: "5", slot: 0 });
  const sampler = after(PICTURE, toggleMode([4], Mode.bypass));
  expect(sourceOfLink(sampler, [], into(sampler, 5, 4))).toEqual({ node: "3", slot: 0 }); // the only latent input
});

test("a bypassed instance lets through what is linked to it", () => {
  const bypassed = after(MADE, toggleMode([7], Mode.bypass));
  expect(sourceOfLink(bypassed, [], into(bypassed, 5, 7))).toEqual({ node: "3", slot: 0 });
});

test("nothing comes from muted nodes, loose reroutes and circles", () => {
  const muted = after(PICTURE, toggleMode([4], Mode.never));
  expect(sourceOfLink(muted, [], into(muted, 5, 4))).toBeNull();
  const loose = after(reroute(PICTURE, 8), connect({ node: 8, slot: 0 }, { node: 6, slot: 0 }));
  expect(sourceOfLink(loose, [], into(loose, 6))).toBeNull();
  const circle = after(
    reroute(reroute(PICTURE, 8), 9),
    connect({ node: 8, slot: 0 }, { node: 9, slot: 0 }),
    connect({ node: 9, slot: 0 }, { node: 8, slot: 0 }),
    connect({ node: 8, slot: 0 }, { node: 6, slot: 0 }),
  );
  expect(sourceOfLink(circle, [], into(circle, 6))).toBeNull();
});
