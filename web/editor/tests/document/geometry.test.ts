import { describe, expect, test } from "vitest";
import { freshNode } from "../../src/document/commands/nodes";
import {
  bodyRest,
  inputPoint,
  leastSize,
  nodeBox,
  outputPoint,
  TITLE_HEIGHT,
  widgetRows,
} from "../../src/document/geometry";
import { schemaOf } from "../../src/document/node_schema";
import type { WorkflowNode } from "../../src/document/workflow";
import { pair } from "../../src/document/workflow";
import { ABSENT, stockCatalogue, uiNames, uiWorkflow } from "./reference";

/** Heights that the stock editor (version 1.58.1) computes for fresh nodes, and where it puts their widgets. */
const MEASURED: readonly (readonly [string, number, readonly number[]])[] = [
  ["KSampler", 262, [86, 134, 158, 182, 206, 230]],
  ["VAEDecode", 46, []],
  ["LoadImage", 102, [46]],
  ["CheckpointLoaderSimple", 98, [66]],
  ["EmptyLatentImage", 106, [26, 50, 74]],
  ["SaveImage", 58, [26]],
  ["CLIPTextEncode", 88, [26]],
];

describe.skipIf(ABSENT)(`geometry of stock nodes (${ABSENT ?? "present"})`, () => {
  const catalogue = ABSENT ? new Map() : stockCatalogue();
  const fresh = (type: string): WorkflowNode => {
    const schema = catalogue.get(type);
    if (!schema) throw new Error(`There is no ${type}.`);
    return { ...freshNode(schema, [100, 100]), id: 1 };
  };

  test.each(MEASURED)(
    "%s is as high as in the stock editor, its widgets are where they are there",
    (type, height, tops) => {
      const node = fresh(type);
      expect(leastSize(node, catalogue.get(type))[1]).toBe(height);
      expect(widgetRows(node, catalogue.get(type)).map((row) => row.y - TITLE_HEIGHT)).toEqual(tops);
    },
  );

  test("sockets are where they are in the stock editor", () => {
    const node = fresh("KSampler");
    const schema = catalogue.get("KSampler");
    const rows = (node.inputs ?? []).map((_, slot) => inputPoint(node, schema, slot)[1] - TITLE_HEIGHT);
    expect(rows).toEqual([14, 34, 54, 74, 98, 146, 170, 194, 218, 242]);
    expect(outputPoint(node, nodeBox(node, schema), 0)[1] - TITLE_HEIGHT).toBe(14);
  });

  test("nodes of known types in files are rarely smaller than what they hold", () => {
    let [all, fitting] = [0, 0];
    for (const workflow of uiNames().map(uiWorkflow)) {
      for (const node of workflow.nodes) {
        const schema = schemaOf(node, { workflow, graph: workflow, catalogue });
        if (!catalogue.has(node.type) || node.flags?.collapsed || !node.size) continue;
        all += 1;
        if (pair(node.size)[1] >= leastSize(node, schema)[1] - 4) fitting += 1;
      }
    }
    expect(all).toBeGreaterThan(1000);
    expect(fitting / all).toBeGreaterThan(0.9);
  });
});

const TEXTS: WorkflowNode = { id: 1, type: "T", pos: [0, 0], size: [300, 400], widgets_values: ["a\nb", "c\nd"] };

test("text areas share what is free, and leave nothing for pictures", () => {
  const [first, second] = widgetRows(TEXTS, undefined);
  expect(first?.height).toBe(second?.height);
  expect((second?.y ?? 0) + (second?.height ?? 0)).toBe(TITLE_HEIGHT + 400 - 8);
  expect(bodyRest(TEXTS, undefined).height).toBe(0);
});

test("pictures get what slots and widgets leave", () => {
  const node: WorkflowNode = {
    id: 1,
    type: "T",
    pos: [0, 0],
    size: [300, 400],
    outputs: [{ name: "a", type: "A" }],
    widgets_values: [3],
  };
  expect(bodyRest(node, undefined)).toEqual({ y: TITLE_HEIGHT + 24 + 2 + 24, height: 400 - 24 - 2 - 24 - 8 });
});

test("collapsed nodes are their title, old reroutes have none", () => {
  const collapsed = { ...TEXTS, title: "ten signs.", flags: { collapsed: true } };
  expect(nodeBox(collapsed, undefined)).toEqual({ x: 0, y: -30, width: 130, height: 30 });
  expect(nodeBox({ id: 1, type: "Reroute", pos: [5, 5], size: [75, 26] }, undefined)).toEqual({
    x: 5,
    y: 5,
    width: 75,
    height: 26,
  });
});

test("an input for a widget that does not exist is seen while it is linked", () => {
  const input = { name: "x", type: "INT", widget: { name: "x" } };
  const node = (link: number | null): WorkflowNode => ({ id: 1, type: "T", pos: [0, 0], inputs: [{ ...input, link }] });
  expect(leastSize(node(null), undefined)[1]).toBe(2);
  expect(leastSize(node(4), undefined)[1]).toBe(26);
});
