import { describe, expect, test } from "vitest";
import { leastSize, nodeBox } from "../../src/document/geometry";
import { indexOf } from "../../src/document/links";
import { schemaOf } from "../../src/document/node_schema";
import { WorkflowError } from "../../src/document/problems";
import { readWorkflow } from "../../src/document/read";
import { widgetsOf } from "../../src/document/widgets";
import type { Workflow } from "../../src/document/workflow";
import { keyOf } from "../../src/document/workflow";
import { writeWorkflow } from "../../src/document/write";
import { faultsOf } from "./invariants";
import { ABSENT, apiPrompts, stockCatalogue } from "./reference";
import { CATALOGUE, nodeAt, PICTURE } from "./samples";

function codes(data: unknown): string[] {
  return readWorkflow(data).problems.map((problem) => problem.code);
}

function refusal(input: unknown): string {
  try {
    readWorkflow(input);
  } catch (error) {
    if (error instanceof WorkflowError) return error.code;
    throw error;
  }
  return "opened";
}

test.each([
  ["", "empty"],
  ["  \n", "empty"],
  ["{", "not_json"],
  ['{"a": [1, 2', "not_json"],
  ["hello", "not_json"],
  ["[]", "not_a_workflow"],
  ["null", "not_a_workflow"],
  ["3", "not_a_workflow"],
  ["{}", "no_nodes"],
  ['{"name": "x"}', "not_a_workflow"],
  ['{"nodes": 3}', "not_a_workflow"],
])("%j is refused: %s", (text, code) => expect(refusal(text)).toBe(code));

test("a refusal says the line", () => {
  expect(() => readWorkflow('{\n  "a": 1,\n  b\n}')).toThrow("line 3, column 3");
});

test("texts nested without end are refused, not crashed on", () => {
  expect(["too_deep", "not_json", "not_a_workflow"]).toContain(refusal("[".repeat(200_000)));
});

test("what wraps a workflow is taken off", () => {
  expect(readWorkflow({ workflow: PICTURE, prompt: {} }).workflow).toBe(PICTURE);
  expect(readWorkflow({ workflow: JSON.stringify(PICTURE) }).workflow).toEqual(PICTURE);
  expect(readWorkflow({ prompt: { 1: { class_type: "Empty", inputs: {} } }, client_id: "x" }, CATALOGUE).kind).toBe(
    "api",
  );
});

test("a sound file is the parsed object itself, problems are told of the others", () => {
  expect(readWorkflow(PICTURE).workflow).toBe(PICTURE);
  expect(codes(PICTURE)).toEqual([]);
});

test("broken links are kept in the file, told, and not shown", () => {
  const links = [...PICTURE.links, null, [90, 1, 0, 99, 0, "X"], [91, 1, 9, 4, 0, "X"], "junk", { id: 92 }];
  const data = { ...PICTURE, links } as unknown as Workflow;
  const { workflow, problems } = readWorkflow(data);
  expect(problems.map(({ code, values }) => [code, values["count"]])).toEqual([
    ["links_unreadable", 2],
    ["link_to_nowhere", 2],
  ]);
  expect(JSON.parse(writeWorkflow(workflow))).toEqual(data);
  expect(indexOf(workflow).links.size).toBe(PICTURE.links.length);
});

test("nodes that cannot be told apart get ids, and what is no node is left out", () => {
  const twin = { ...nodeAt(PICTURE, 3), title: "twin" };
  const { workflow, problems } = readWorkflow({
    ...PICTURE,
    nodes: [...PICTURE.nodes, twin, null, 7, { type: "Note" }],
  });
  expect(problems.map((problem) => problem.code)).toEqual(["node_unreadable", "node_id_twice", "node_without_id"]);
  expect(workflow.nodes.map((node) => node.id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(nodeAt(workflow, 7).title).toBe("twin");
});

test("fields of the wrong kind do not stop anything", () => {
  const odd = {
    id: 9,
    type: "X",
    inputs: "none",
    outputs: [null],
    title: 5,
    flags: [],
    properties: "p",
    widgets_values: 3,
  };
  const data = {
    nodes: [odd],
    groups: [{}, null, { bounding: { 0: 1, 1: 2, 2: 3, 3: 4 } }],
    links: { 1: [1, 2, 3, 4, 5, "X"] },
  };
  const { workflow } = readWorkflow({
    ...data,
    definitions: { subgraphs: [null, { id: "a", nodes: [] }] },
    extra: null,
  });
  expect(codes(data)).toEqual(["node_mended", "links_mended", "group_mended", "link_to_nowhere"]);
  const [node] = workflow.nodes;
  if (!node) throw new Error("The node is lost.");
  expect(nodeBox(node, undefined)).toEqual({ x: 0, y: -30, width: 210, height: leastSize(node, undefined)[1] + 30 });
  expect(workflow.groups).toEqual([{ bounding: [1, 2, 3, 4], title: "" }]);
  expect(widgetsOf(node, undefined).map((widget) => [widget.value, widget.readOnly])).toEqual([[3, true]]);
});

test("unknown fields survive at every place", () => {
  const data = { ...PICTURE, mine: { a: 1 }, nodes: PICTURE.nodes.map((node) => ({ ...node, theirs: [1] })) };
  expect(JSON.parse(writeWorkflow(readWorkflow(data).workflow))).toEqual(data);
});

test("orders that no longer fit the links are set right in writing, but not in a file that nobody edited", () => {
  const backwards = { ...PICTURE, nodes: PICTURE.nodes.map((node) => ({ ...node, order: 6 - Number(node.id) })) };
  expect(JSON.parse(writeWorkflow(backwards, backwards))).toEqual(backwards);
  const written = JSON.parse(writeWorkflow(backwards)) as Workflow;
  for (const link of indexOf(written).links.values()) {
    expect(nodeAt(written, link.from).order).toBeLessThan(nodeAt(written, link.to).order ?? 0);
  }
});

test("the seed of an unknown type has its control, also one that no number of JavaScript holds", () => {
  const inputs = `{ "add_noise": true, "noise_seed": 18446744073709551615, "cfg": 1 }`;
  const { workflow } = readWorkflow(`{ "3": { "class_type": "TheirSampler", "inputs": ${inputs} } }`);
  const sampler = nodeAt(workflow, 3);
  expect(sampler.widgets_values).toEqual([true, "18446744073709551615", "fixed", 1]);
  expect(widgetsOf(sampler, undefined).map(({ name, control }) => [name, control])).toEqual([
    ["add_noise", undefined],
    ["noise_seed", "fixed"],
    ["cfg", undefined],
  ]);
});

test("a prompt becomes a workflow: values at their places, titles, links, unknown types", () => {
  const prompt = {
    4: { class_type: "Empty", inputs: { width: 640 }, _meta: { title: "Empty" } },
    7: {
      class_type: "Sampler",
      inputs: { seed: 5, steps: ["12:1", 0], cfg: 3.5, name: "heun", latent: ["4", 0], gone: 1, model: ["99", 0] },
      _meta: { title: "Mine" },
    },
    "12:1": { class_type: "Unknown", inputs: { text: "a", list: { __value__: [1, 2] }, on: true } },
    note: "no node",
  };
  const { workflow, problems, kind } = readWorkflow(prompt, CATALOGUE);
  expect(kind).toBe("api");
  expect(faultsOf(workflow)).toEqual([]);
  expect(problems.map((problem) => problem.code)).toEqual(["prompt_link_to_nowhere", "prompt_value_left"]);
  expect(nodeAt(workflow, 7)).toMatchObject({ title: "Mine", widgets_values: [5, "fixed", 20, 3.5, "heun"] });
  expect(nodeAt(workflow, 4).title).toBe(undefined);
  const unknown = nodeAt(workflow, "12:1");
  expect(unknown.widgets_values).toEqual(["a", [1, 2], true]);
  expect(widgetsOf(unknown, undefined).map((one) => [one.name, one.value])).toEqual([
    ["text", "a"],
    ["list", [1, 2]],
    ["on", true],
  ]);
  expect(nodeAt(workflow, 7).pos[0]).toBeGreaterThan(unknown.pos[0]);
});

test("a workflow of 50 MB opens", () => {
  const text = "x".repeat(10_000);
  const nodes = Array.from({ length: 5000 }, (_, place) => ({
    id: place + 1,
    type: "Note",
    pos: [0, 0],
    widgets_values: [text],
  }));
  const file = JSON.stringify({ nodes, links: [], version: 0.4 });
  expect(file.length).toBeGreaterThan(50_000_000);
  const { workflow, problems } = readWorkflow(file);
  expect([workflow.nodes.length, problems]).toEqual([5000, []]);
  expect(writeWorkflow(workflow).length).toBe(file.length);
});

describe.skipIf(ABSENT)(`API prompts of the reference (${ABSENT ?? "present"})`, () => {
  const catalogue = ABSENT ? new Map() : stockCatalogue();

  test.each(apiPrompts())("%s is laid out with all its values and links", (_, data) => {
    const { workflow } = readWorkflow(data, catalogue);
    expect(faultsOf(workflow)).toEqual([]);
    const around = { workflow, graph: workflow, catalogue };
    const prompt = data as Record<string, { class_type: string; inputs: Record<string, unknown> }>;
    for (const node of workflow.nodes) {
      const entry = prompt[keyOf(node.id)];
      expect(entry?.class_type).toBe(node.type);
      const names = new Map((node.inputs ?? []).map((input) => [input.name, input.link]));
      for (const widget of widgetsOf(node, schemaOf(node, around))) {
        const sent = entry?.inputs[widget.name];
        if (sent !== undefined && !Array.isArray(sent)) expect(widget.value).toEqual(sent);
      }
      for (const [name, value] of Object.entries(entry?.inputs ?? {})) {
        const link = Array.isArray(value) ? indexOf(workflow).links.get(names.get(name) ?? -1) : undefined;
        if (Array.isArray(value)) expect([keyOf(link?.from ?? ""), link?.fromSlot]).toEqual([value[0], value[1]]);
      }
    }
  });
});
