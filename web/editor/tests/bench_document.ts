/**
 * How long commands on a workflow of 3,000 nodes take, in milliseconds of the processor (so that other programs count
 * little), on average:
 * `npx esbuild tests/bench_document.ts --bundle --format=esm | node --input-type=module`
 */

import { afterQueue } from "../src/document/after_queue";
import { copy } from "../src/document/clipboard";
import { arrangeNodes } from "../src/document/commands/arrange";
import { addGroup, moveGroups } from "../src/document/commands/groups";
import { connect, disconnect } from "../src/document/commands/links";
import { moveNodes, removeNodes, setFields, toggleMode } from "../src/document/commands/nodes";
import { paste } from "../src/document/commands/paste";
import { addReroute } from "../src/document/commands/reroutes";
import { setWidgetValue } from "../src/document/commands/widgets";
import { edited, type Recipe } from "../src/document/edit";
import { nodeBox } from "../src/document/geometry";
import { contentsOf } from "../src/document/groups";
import { indexOf } from "../src/document/links";
import { schemaOf } from "../src/document/node_schema";
import { readWorkflow } from "../src/document/read";
import { makeSubgraph } from "../src/document/subgraphs";
import type { Workflow } from "../src/document/workflow";
import { writeWorkflow } from "../src/document/write";
import { add, CATALOGUE } from "./document/samples";

const NODES = 3000;
const ROUNDS = 31;

/** Rows of loader, encode, empty, sampler, decode, save. */
function large(): Workflow {
  const types = ["Loader", "Encode", "Empty", "Sampler", "Decode", "Save"];
  const adds = Array.from({ length: NODES }, (_, place) =>
    add(types[place % 6] ?? "Save", (place % 6) * 400, Math.floor(place / 6) * 500),
  );
  const links = Array.from({ length: NODES / 6 }, (_, row) => {
    const first = row * 6 + 1;
    return [
      connect({ node: first, slot: 1 }, { node: first + 1, slot: 0 }),
      connect({ node: first, slot: 0 }, { node: first + 3, slot: 0 }),
      connect({ node: first + 1, slot: 0 }, { node: first + 3, slot: 1 }),
      connect({ node: first + 2, slot: 0 }, { node: first + 3, slot: 2 }),
      connect({ node: first + 3, slot: 0 }, { node: first + 4, slot: 0 }),
      connect({ node: first, slot: 2 }, { node: first + 4, slot: 1 }),
      connect({ node: first + 4, slot: 0 }, { node: first + 5, slot: 0 }),
    ];
  });
  const empty: Workflow = {
    last_node_id: 0,
    last_link_id: 0,
    nodes: [],
    links: [],
    groups: [],
    extra: {},
    version: 0.4,
  };
  return edited(empty, null, (graph, workflow) => {
    for (const recipe of [...adds, ...links.flat()]) recipe(graph, workflow);
  });
}

function time(name: string, run: () => unknown): void {
  for (let round = 0; round < 10; round += 1) run();
  const start = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round += 1) run();
  const { user, system } = process.cpuUsage(start);
  console.log(`${name.padEnd(44)} ${((user + system) / 1000 / ROUNDS).toFixed(2).padStart(8)}`);
}

const workflow = large();
const around = { workflow, graph: workflow, catalogue: CATALOGUE };
const ids = workflow.nodes.map((node) => node.id);
const command = (name: string, recipe: Recipe): void => time(name, () => edited(workflow, null, recipe));

console.log(`${workflow.nodes.length} nodes, ${workflow.links.length} links`);
command("add a node", add("Sampler"));
command("move one node", moveNodes([1500], 1, 1));
command("move 100 nodes", moveNodes(ids.slice(0, 100), 1, 1));
command("move all nodes", moveNodes(ids, 1, 1));
command("remove one node", removeNodes([1501]));
command("remove one node, reconnecting", removeNodes([1501], true));
command("remove 100 nodes", removeNodes(ids.slice(0, 100)));
command("set a field", setFields([1500], { title: "x" }));
command("mute 100 nodes", toggleMode(ids.slice(0, 100), 2));
command("set a widget", setWidgetValue(1504, "steps", 2, 30));
command("connect", connect({ node: 3, slot: 0 }, { node: 5, slot: 0 }));
command("disconnect", disconnect([1000]));
command("bend a link", addReroute(1000, [0, 0]));
command("add a group", addGroup("g", { x: 0, y: 0, width: 100, height: 100 }));
const grouped = edited(workflow, null, addGroup("g", { x: -50, y: -50, width: 3000, height: 8000 }));
const within = { ...around, workflow: grouped, graph: grouped };
time("what a group holds", () => contentsOf(0, within));
const contents = contentsOf(0, within);
time(`move a group of ${contents.nodes.length} nodes`, () => edited(grouped, null, moveGroups([0], [contents], 5, 5)));
time("copy 100 nodes", () => copy(workflow, workflow, { nodes: ids.slice(0, 100) }));
const clipping = copy(workflow, workflow, { nodes: ids.slice(0, 100) });
command("paste 100 nodes", paste(clipping, { at: [0, 0] }));
command("make a subgraph of 20 nodes", makeSubgraph(ids.slice(0, 20), "S", CATALOGUE));
command("arrange all nodes", arrangeNodes([], around));
time("what becomes of all seeds", () => {
  const recipe = afterQueue(workflow, Math.random, CATALOGUE);
  if (recipe) edited(workflow, null, recipe);
});
time("index of a fresh version", () => indexOf({ ...workflow }));
time("boxes of all nodes, fresh", () => {
  for (const node of workflow.nodes) {
    const copyOf = { ...node };
    nodeBox(copyOf, schemaOf(copyOf, around));
  }
});
const text = writeWorkflow(workflow);
time(`write (${(text.length / 1e6).toFixed(1)} MB)`, () => writeWorkflow({ ...workflow }));
time("read", () => readWorkflow(text));
