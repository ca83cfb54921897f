import { expect, test } from "vitest";
import { clippingHtml, clippingText, copy, looksLikeClipping, readClipping } from "../../src/document/clipboard";
import { addGroup } from "../../src/document/commands/groups";
import { paste, type Pasted } from "../../src/document/commands/paste";
import { addReroute } from "../../src/document/commands/reroutes";
import { setFields } from "../../src/document/commands/nodes";
import { indexOf } from "../../src/document/links";
import { WorkflowError } from "../../src/document/problems";
import { bendsAlong } from "../../src/document/reroutes";
import { makeSubgraph } from "../../src/document/subgraphs";
import { definitionsOf } from "../../src/document/workflow";
import { faultsOf } from "./invariants";
import { after, CATALOGUE, EMPTY, inside, nodeAt, PICTURE } from "./samples";

/** As the stock editor writes it (version 1.58.1); it reads no other. */
const STOCK_HTML =
  /^<meta charset="utf-8"><div><span data-comfy-metadata="[\w+/]+=*"><\/span><\/div><span style="[^"]*">Text<\/span>$/;

const RICH = after(
  PICTURE,
  setFields([4], { title: "größer 緑" }),
  addGroup("all", { x: -10, y: -50, width: 3000, height: 900 }),
  addReroute(2, [100, 50]),
  addReroute(2, [150, 60]),
);

test.each([
  ["text", clippingText],
  ["HTML", clippingHtml],
] as const)("a selection survives the clipboard as %s", (_, write) => {
  const clipping = copy(RICH, RICH, { nodes: [1, 4, 5], groups: [0] });
  const text = write(clipping);
  expect(looksLikeClipping(text)).toBe(true);
  if (write === clippingHtml) expect(text).toMatch(STOCK_HTML);
  const read = readClipping(text, CATALOGUE);
  const byId = (links: typeof clipping.links) => [...links].sort((a, b) => a.id - b.id);
  expect({ ...read.clipping, links: byId(read.clipping.links) }).toEqual({ ...clipping, links: byId(clipping.links) });
  expect(read.problems).toEqual([]);
});

test("links within are made again, those from outside only when asked for", () => {
  const clipping = copy(RICH, RICH, { nodes: [4, 5], groups: [0] });
  let pasted: Pasted | undefined;
  const made = (what: Pasted) => {
    pasted = what;
  };
  const apart = after(RICH, paste(clipping, { at: [100, 2000], made }));
  expect(faultsOf(apart)).toEqual([]);
  expect(pasted).toEqual({ nodes: [7, 8], groups: [1], reroutes: [] });
  expect(nodeAt(apart, 7).title).toBe("größer 緑");
  expect(indexOf(apart).links.size).toBe(8);
  const linked = after(RICH, paste(clipping, { outside: true }));
  expect(faultsOf(linked)).toEqual([]);
  expect(indexOf(linked).links.size).toBe(12);
  expect(apart.nodes.slice(0, 6)).toEqual(RICH.nodes);
});

test("everything moves so that its top left is where it was asked for", () => {
  const all = copy(RICH, RICH, { nodes: RICH.nodes.map((node) => node.id), groups: [0] });
  const moved = after(RICH, paste(all, { at: [1000, 1000] }));
  expect(moved.groups?.[1]?.bounding).toEqual([1000, 1000, 3000, 900]);
  expect(nodeAt(moved, 7).pos).toEqual([1010, 1050]);
});

test("bends of links come along, in both versions of files", () => {
  const clipping = copy(RICH, RICH, { nodes: [1, 4] });
  expect(clipping.reroutes.map((one) => [one.id, one.parentId, one.linkIds])).toEqual([
    [1, undefined, [2]],
    [2, 1, [2]],
  ]);
  const old = after(EMPTY, paste(clipping, { at: [10, 10] }));
  expect(faultsOf(old)).toEqual([]);
  expect(old.extra).toMatchObject({ linkExtensions: [{ id: 1, parentId: 2 }] });
  const v1 = after(
    { version: 1, state: { lastNodeId: 0, lastLinkId: 0, lastRerouteId: 0, lastGroupId: 0 }, nodes: [], links: [] },
    paste(clipping),
  );
  expect(faultsOf(v1)).toEqual([]);
  expect(v1.reroutes?.length).toBe(2);
  const [link] = indexOf(v1).links.values();
  expect(link && bendsAlong(v1, link).map((bend) => [bend.x, bend.y])).toEqual([
    [100, 50],
    [150, 60],
  ]);
});

test("subgraphs bring their definitions; another one of the same id gets a fresh one", () => {
  const made = after(PICTURE, makeSubgraph([2, 4], "Sampling", CATALOGUE));
  const clipping = readClipping(clippingText(copy(made, made, { nodes: [7] })), CATALOGUE).clipping;
  const fresh = after(EMPTY, paste(clipping));
  expect(faultsOf(fresh)).toEqual([]);
  expect(definitionsOf(fresh)).toEqual(definitionsOf(made));
  expect(definitionsOf(after(fresh, paste(clipping))).length).toBe(1);
  const [definition] = definitionsOf(fresh);
  const changed = inside(fresh, definition?.id ?? "", setFields([4], { title: "mine" }));
  const both = after(changed, paste(clipping));
  expect(faultsOf(both)).toEqual([]);
  expect(definitionsOf(both).length).toBe(2);
  expect(new Set(both.nodes.map((node) => node.type)).size).toBe(2);
});

test("whole workflows and prompts are pasted too", () => {
  const ui = readClipping(JSON.stringify(PICTURE), CATALOGUE).clipping;
  expect(after(EMPTY, paste(ui)).nodes).toEqual(PICTURE.nodes);
  const prompt = {
    3: { class_type: "Empty", inputs: { width: 64 } },
    9: { class_type: "Sampler", inputs: { latent: ["3", 0] } },
  };
  const pasted = after(PICTURE, paste(readClipping(JSON.stringify(prompt), CATALOGUE).clipping));
  expect(faultsOf(pasted)).toEqual([]);
  expect(pasted.nodes.slice(6).map((node) => [node.id, node.type])).toEqual([
    [7, "Empty"],
    [8, "Sampler"],
  ]);
});

test.each(["", "hello", "{}", '{"nodes": []}', "<p>words</p>", "[1, 2]"])("%j is refused with a sentence", (text) => {
  expect(() => readClipping(text, CATALOGUE)).toThrow(WorkflowError);
});
