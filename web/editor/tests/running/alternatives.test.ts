import { describe, expect, test } from "vitest";
import { pickAlternatives, withAlternativesPicked } from "../../src/running/alternatives";
import { readCatalogue } from "../../src/document/schema";

const first = () => 0;
const last = () => 0.999;

describe("a text", () => {
  test.each([
    ["a {red|blue} circle", "a red circle", "a blue circle"],
    ["{a|{b|c}} d", "a d", "c d"],
    ["{a|b|}", "a", ""],
    ["one {alone}", "one alone", "one alone"],
    ["open {a|b", "open a", "open b"],
    ["a | b } c {x|y}", "a | b } c x", "a | b } c y"],
    ["{a|b} // no\nnext /* gone */end", "a \nnext end", "b \nnext end"],
  ])("%j", (text, low, high) => {
    expect(pickAlternatives(text, first)).toBe(low);
    expect(pickAlternatives(text, last)).toBe(high);
  });

  test("without groups keeps its comments, which are the server's to drop", () => {
    expect(pickAlternatives("a // b", first)).toBe("a // b");
  });

  test("signs that are meant as such stay marked, so that choosing again changes nothing", () => {
    const once = pickAlternatives("\\{a\\|b\\} {x|y}", last);
    expect(once).toBe("\\{a\\|b\\} y");
    expect(pickAlternatives(once, first)).toBe(once);
  });

  test("every alternative comes up", () => {
    const seen = new Set(Array.from({ length: 200 }, () => pickAlternatives("{a|b|c}", Math.random)));
    expect([...seen].toSorted()).toEqual(["a", "b", "c"]);
  });
});

describe("a workflow", () => {
  const types = readCatalogue({
    Say: {
      input: { required: { text: ["STRING", { multiline: true, dynamicPrompts: true }], name: ["STRING", {}] } },
      output: [],
    },
  });
  const node = (id: number, text: string) => ({
    id,
    type: "Say",
    pos: [0, 0] as const,
    widgets_values: [text, "{a|b}"],
  });

  test("only texts that have alternatives are chosen from, inside subgraphs as well", () => {
    const inside = {
      id: "s",
      name: "s",
      nodes: [node(1, "{p|q}")],
      links: [],
      inputNode: { id: -10, bounding: [] },
      outputNode: { id: -20, bounding: [] },
    };
    const workflow = { nodes: [node(1, "{x|y}"), node(2, "plain")], links: [], definitions: { subgraphs: [inside] } };
    const picked = withAlternativesPicked(workflow, types, last);
    expect(picked.nodes[0]?.widgets_values).toEqual(["y", "{a|b}"]);
    expect(picked.nodes[1]).toBe(workflow.nodes[1]);
    expect(picked.definitions?.subgraphs?.[0]?.nodes[0]?.widgets_values).toEqual(["q", "{a|b}"]);
    expect(workflow.nodes[0]?.widgets_values).toEqual(["{x|y}", "{a|b}"]);
  });

  test("is the same object where nothing is chosen", () => {
    const workflow = { nodes: [node(2, "plain")], links: [] };
    expect(withAlternativesPicked(workflow, types, last)).toBe(workflow);
  });
});
