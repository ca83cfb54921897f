/** Subgraphs: made of nodes, entered, left, unpacked. */

import type { Action } from "../../actions/action";
import { makeIndependent } from "../../document/commands/subgraph_edit";
import { makeSubgraph } from "../../document/commands/subgraph_make";
import { countInstances } from "../../document/commands/subgraph_slots";
import { unpackSubgraph } from "../../document/commands/subgraph_unpack";
import { keyOf, type WorkflowNode } from "../../document/workflow";
import { definitionOf } from "../../document/workflow";
import { activeTab, NOTHING } from "../../state/documents";
import type { Studio } from "../../state/studio";
import { hasNodes, here, withHere } from "./here";

/** The one selected node, if it is a subgraph's instance. */
function instance(studio: Studio): WorkflowNode | null {
  const now = here(studio);
  const [node] = now?.nodes ?? [];
  return now && now.nodes.length === 1 && node && definitionOf(now.around.workflow, node) ? node : null;
}

const isInstance = (studio: Studio): boolean => hasNodes()(studio) && instance(studio) !== null;

const isInside = (studio: Studio): boolean => (activeTab(studio.documents.getState())?.trail.length ?? 0) > 0;

function select(studio: Studio, keys: readonly string[]): void {
  studio.documents.select({ ...NOTHING, nodes: new Set(keys) });
}

export const SUBGRAPHS: readonly Action[] = [
  {
    id: "canvas.toSubgraph",
    title: "canvas.toSubgraph",
    keys: ["Ctrl+Shift+E"],
    when: hasNodes(),
    run: withHere((studio, { ids, around }) => {
      let made = "";
      const recipe = makeSubgraph(ids, studio.text("edit.subgraph"), around.catalogue, (id) => {
        made = keyOf(id);
      });
      studio.documents.edit("edit.subgraph", recipe);
      select(studio, [made]);
    }),
  },
  {
    id: "canvas.enter",
    title: "canvas.enter",
    when: isInstance,
    run(studio) {
      const node = instance(studio);
      if (node) studio.documents.enter({ instance: node.id, subgraph: node.type });
    },
  },
  {
    id: "canvas.leave",
    title: "canvas.leave",
    keys: ["Alt+ArrowUp"],
    when: isInside,
    run(studio) {
      const trail = activeTab(studio.documents.getState())?.trail ?? [];
      const last = trail.at(-1);
      studio.documents.leave(trail.length - 1);
      if (last) select(studio, [keyOf(last.instance)]);
    },
  },
  {
    id: "canvas.renameSubgraph",
    title: "canvas.renameSubgraph",
    when: isInside,
    run: (studio) => studio.canvas.setState({ renaming: { kind: "subgraph" } }),
  },
  {
    id: "canvas.unpack",
    title: "canvas.unpack",
    when: isInstance,
    run: withHere((studio, { around }) => {
      const node = instance(studio);
      if (!node) return;
      const recipe = unpackSubgraph(node.id, around.catalogue, ({ nodes }) => {
        queueMicrotask(() => select(studio, nodes.map(keyOf)));
      });
      studio.documents.edit("edit.unpack", recipe);
    }),
  },
  {
    id: "canvas.clone",
    title: "canvas.clone",
    when: (studio) => {
      const node = instance(studio);
      const workflow = here(studio)?.around.workflow;
      return node !== null && workflow !== undefined && countInstances(workflow, node.type) > 1;
    },
    run(studio) {
      const node = instance(studio);
      if (node) studio.documents.edit("edit.subgraph", makeIndependent(node.id));
    },
  },
];
