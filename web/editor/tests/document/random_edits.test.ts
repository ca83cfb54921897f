import { expect, test } from "vitest";
import { copy } from "../../src/document/clipboard";
import { arrangeNodes } from "../../src/document/commands/arrange";
import { addGroup, foldGroups, moveGroups, removeGroups } from "../../src/document/commands/groups";
import { connect, disconnect } from "../../src/document/commands/links";
import {
  addNode,
  freshNode,
  moveNodes,
  removeNodes,
  setFields,
  setFlag,
  sizeNode,
  toggleMode,
} from "../../src/document/commands/nodes";
import { paste } from "../../src/document/commands/paste";
import { addReroute, removeReroutes } from "../../src/document/commands/reroutes";
import { setWidget } from "../../src/document/commands/widgets";
import { edited, type Recipe } from "../../src/document/edit";
import { contentsOf } from "../../src/document/groups";
import { advance, begin, redo, undo } from "../../src/document/history";
import { indexOf } from "../../src/document/links";
import { schemaOf } from "../../src/document/node_schema";
import { readWorkflow } from "../../src/document/read";
import { bendsOf } from "../../src/document/reroutes";
import {
  addSlot,
  demoteWidget,
  makeIndependent,
  makeSubgraph,
  moveSlot,
  promoteWidget,
  removeSlot,
  removeUnusedDefinitions,
  unpackSubgraph,
} from "../../src/document/subgraphs";
import { REROUTE } from "../../src/document/virtual";
import { widgetsOf } from "../../src/document/widgets";
import type { FreshNode, Graph, NodeId, Scope, SubgraphDefinition, Workflow } from "../../src/document/workflow";
import { definitionOf, definitionsOf, graphOf, INPUT_NODE, OUTPUT_NODE } from "../../src/document/workflow";
import { writeWorkflow } from "../../src/document/write";
import { faultsOf } from "./invariants";
import { CATALOGUE, PICTURE } from "./samples";

/** Numbers that look random and are the same each time (the mulberry32 generator). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const REROUTE_NODE: FreshNode = {
  type: REROUTE,
  pos: [0, 0],
  inputs: [{ name: "", type: "*", link: null }],
  outputs: [{ name: "", type: "*", links: null }],
};

class Person {
  constructor(private readonly random: () => number) {}

  number(below: number): number {
    return Math.floor(this.random() * below);
  }

  one<T>(list: readonly T[]): T | undefined {
    return list[this.number(list.length)];
  }

  some(graph: Graph): NodeId[] {
    return graph.nodes.filter(() => this.random() < 0.3).map((node) => node.id);
  }

  end(graph: Graph, side: "inputs" | "outputs"): { node: NodeId; slot: number } {
    const border = graph as Partial<SubgraphDefinition>;
    const crossing = side === "outputs" ? border.inputs : border.outputs;
    if (crossing && this.random() < 0.3)
      return { node: side === "outputs" ? INPUT_NODE : OUTPUT_NODE, slot: this.number(crossing.length + 1) };
    const node = this.one(graph.nodes);
    return { node: node?.id ?? 0, slot: this.number(node?.[side]?.length ?? 1) };
  }

  /** An edit of any kind; what it is about may be missing or may not fit. */
  edit(workflow: Workflow, graph: Graph): Recipe {
    const around = { workflow, graph, catalogue: CATALOGUE };
    const node = this.one(graph.nodes);
    const id = node?.id ?? 0;
    const widget = node && this.one(widgetsOf(node, schemaOf(node, around)));
    const schema = this.one([...CATALOGUE.values()]);
    const border = graph as Partial<SubgraphDefinition>;
    const side = this.one(["inputs", "outputs"] as const) ?? "inputs";
    const link = this.one([...indexOf(graph).links.keys()]) ?? 0;
    const group = this.number(graph.groups?.length ?? 0);
    const kinds: (() => Recipe)[] = [
      () => (schema ? addNode(freshNode(schema, [this.number(900), this.number(900)])) : removeNodes([])),
      () => addNode(REROUTE_NODE),
      () => removeNodes([id], this.random() < 0.5),
      () => moveNodes(this.some(graph), 7, -3),
      () => sizeNode(id, [300, 200]),
      () => setFields([id], { title: `t${this.number(99)}`, color: undefined }),
      () => setFlag(this.some(graph), "collapsed", this.random() < 0.5),
      () => toggleMode(this.some(graph), this.one([2, 4]) ?? 2),
      () => connect(this.end(graph, "outputs"), this.end(graph, "inputs"), CATALOGUE),
      () => connect(this.end(graph, "outputs"), this.end(graph, "inputs"), CATALOGUE),
      () => connect(this.end(graph, "outputs"), this.end(graph, "inputs")),
      () => disconnect([link]),
      () => (widget ? setWidget(id, widget, this.number(50)) : removeNodes([])),
      () => addReroute(link, [this.number(500), this.number(500)], this.one([undefined, null])),
      () => removeReroutes([this.one([...bendsOf(graph).keys()]) ?? 0]),
      () => addGroup("g", { x: 0, y: 0, width: 500, height: 500 }),
      () => moveGroups([group], [contentsOf(group, around)], 5, 5),
      () => foldGroups([group], this.random() < 0.5),
      () => removeGroups([group]),
      () => arrangeNodes(this.some(graph), around),
      () =>
        paste(copy(workflow, graph, { nodes: this.some(graph), groups: [0] }), {
          at: [0, 0],
          outside: this.random() < 0.5,
        }),
      () => makeSubgraph(this.some(graph), `S${this.number(99)}`, CATALOGUE),
      () => unpackSubgraph(graph.nodes.find((one) => definitionOf(workflow, one))?.id ?? 0, CATALOGUE),
      () => makeIndependent(graph.nodes.findLast((one) => definitionOf(workflow, one))?.id ?? 0),
      () => addSlot(side, "extra", this.one(["MODEL", "*", "INT"]) ?? "*"),
      () => removeSlot(side, this.number(border[side]?.length ?? 0)),
      () => moveSlot(side, this.number(border[side]?.length ?? 0), this.number(border[side]?.length ?? 0)),
      () => promoteWidget(id, widget?.name ?? "", CATALOGUE),
      () => demoteWidget(id, widget?.name ?? ""),
      () => removeUnusedDefinitions(),
    ];
    return (this.one(kinds) ?? (() => removeNodes([])))();
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "after 150 edits (sequence %d) a workflow is sound, and undone it is what it was",
  (seed) => {
    const person = new Person(generator(seed));
    const start = JSON.stringify(PICTURE);
    let history = begin(PICTURE);
    for (let step = 0; step < 150; step += 1) {
      const workflow = history.present.value;
      const scopes: Scope[] = [null, ...definitionsOf(workflow).map((one) => one.id)];
      const scope = person.one(scopes) ?? null;
      const before = JSON.stringify(workflow);
      const recipe = person.edit(workflow, graphOf(workflow, scope) ?? workflow);
      let next = workflow;
      try {
        next = edited(workflow, scope, recipe);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== "WorkflowError") throw error; // Refused: put into itself.
      }
      expect(JSON.stringify(workflow)).toBe(before);
      expect(faultsOf(next)).toEqual([]);
      if (next.nodes.length > 120) break;
      history = advance(history, next, "edit");
    }
    const last = JSON.stringify(history.present.value);
    expect(readWorkflow(writeWorkflow(history.present.value)).problems).toEqual([]);
    let back = history;
    while (back.past.length > 0) back = undo(back);
    expect(back.present.value).toBe(PICTURE);
    expect(JSON.stringify(PICTURE)).toBe(start);
    while (back.future.length > 0) back = redo(back);
    expect(JSON.stringify(back.present.value)).toBe(last);
  },
);
