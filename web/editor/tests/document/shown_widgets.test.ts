import { expect, test } from "vitest";
import { setFields, setProperty } from "../../src/document/commands/nodes";
import { showOutside, unlistWidgets, widgetsShownOutside } from "../../src/document/commands/subgraph_shown";
import { schemaOf } from "../../src/document/node_schema";
import { makeSubgraph } from "../../src/document/subgraphs";
import { widgetsOf } from "../../src/document/widgets";
import type { Workflow } from "../../src/document/workflow";
import { definitionsOf } from "../../src/document/workflow";
import { faultsOf } from "./invariants";
import { after, CATALOGUE, inside, nodeAt, PICTURE } from "./samples";

/** Nodes 2 (encode, its text shown) and 4 (sampler, its seed shown) are inside of node 7. */
const MADE = after(PICTURE, makeSubgraph([2, 4], "Sampling", CATALOGUE));
/** As newer editors write it: a list of what is shown, and values beside it. */
const LISTED = after(
  MADE,
  setProperty([7], "proxyWidgets", [
    ["-1", "text"],
    ["-1", "seed"],
    ["4", "steps"],
    ["4", "cfg"],
  ]),
  setFields([7], { widgets_values: ["a cat", 3, 30, 5] }),
);

function definition(workflow: Workflow) {
  const [only] = definitionsOf(workflow);
  if (!only) throw new Error("There is no definition.");
  return only;
}

function shown(workflow: Workflow, node: number): string[] {
  return [...widgetsShownOutside(workflow, definition(workflow), node)].sort();
}

function values(workflow: Workflow): unknown {
  const node = nodeAt(workflow, 7);
  const schema = schemaOf(node, { workflow, graph: workflow, catalogue: CATALOGUE });
  return Object.fromEntries(widgetsOf(node, schema).map(({ name, value }) => [name, value]));
}

const change = (workflow: Workflow, node: number, widget: string, on: boolean): Workflow =>
  inside(workflow, definition(workflow).id, showOutside(node, widget, on, CATALOGUE));

test("shown are widgets that the border feeds, and those that an instance lists", () => {
  expect([shown(MADE, 2), shown(MADE, 4)]).toEqual([["text"], ["seed"]]);
  expect(shown(LISTED, 4)).toEqual(["cfg", "seed", "steps"]);
});

test("a widget is shown and hidden again, without a trace", () => {
  const more = change(MADE, 4, "steps", true);
  expect([shown(more, 4), values(more)]).toEqual([["seed", "steps"], { text: "", seed: 0, steps: 20 }]);
  const back = change(more, 4, "steps", false);
  expect([shown(back, 4), values(back)]).toEqual([["seed"], { text: "", seed: 0 }]);
  expect(faultsOf(back)).toEqual([]);
});

test("what only a list shows is taken off it, and the other values stay with their widgets", () => {
  expect(values(LISTED)).toEqual({ text: "a cat", seed: 3, steps: 30, cfg: 5 });
  const less = change(LISTED, 4, "steps", false);
  expect(shown(less, 4)).toEqual(["cfg", "seed"]);
  expect(values(less)).toEqual({ text: "a cat", seed: 3, cfg: 5 });
});

test("lists forget nodes that are gone, and nothing else is touched", () => {
  const scope = definition(LISTED).id;
  const less = inside(
    LISTED,
    scope,
    unlistWidgets((node) => node === "4"),
  );
  expect(values(less)).toEqual({ text: "a cat", seed: 3 });
  const same = inside(
    LISTED,
    scope,
    unlistWidgets((node) => node === "99"),
  );
  expect(same).toBe(LISTED);
});
