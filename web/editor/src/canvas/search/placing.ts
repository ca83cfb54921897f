/** The node that was chosen is added, and linked to what asked for it. */

import { connect, disconnect } from "../../document/commands/links";
import { addNode } from "../../document/commands/nodes";
import type { Recipe } from "../../document/edit";
import { TITLE_HEIGHT } from "../../document/geometry";
import { indexOf } from "../../document/links";
import { firstFittingInput, firstFittingOutput } from "../../document/queries";
import type { NodeSchema } from "../../document/schema";
import { REROUTE } from "../../document/virtual";
import { type Graph, keyOf, type NodeId, type WorkflowNode } from "../../document/workflow";
import type { OpenSearch } from "../../state/canvas";
import { NOTHING } from "../../state/documents";
import type { Studio } from "../../state/studio";
import { here } from "../actions/here";
import { freshOffer } from "./offers";

/** Add a node of a type where the search was opened; it is selected. */
export function place(studio: Studio, search: OpenSearch, schema: NodeSchema): void {
  const now = here(studio);
  if (!now) return;
  const { catalogue } = now.around;
  const [x, y] = corner(search, schema);
  let made: NodeId = "";
  const add = addNode(freshOffer(schema, now.around, Math.round(x), Math.round(y)), (id) => {
    made = id;
  });
  const recipe: Recipe = (graph, whole) => {
    add(graph, whole);
    const node = graph.nodes.find((one) => one.id === made) as WorkflowNode | undefined;
    if (!node) return;
    for (const link of linksFor(node, search, now.graph, catalogue)) link(graph, whole);
  };
  studio.documents.edit("edit.add", recipe);
  studio.documents.select({ ...NOTHING, nodes: new Set([keyOf(made)]) });
}

/** The pointer is at the socket that is linked, or a little inside the title. */
function corner({ place: at, ends }: OpenSearch, schema: NodeSchema): [number, number] {
  if (schema.type === REROUTE) return [at.x - 37, at.y - 13];
  const [end] = ends;
  if (!end) return [at.x - 20, at.y + TITLE_HEIGHT / 2];
  return end.isOutput ? [at.x + 4, at.y - 10] : [at.x - 220, at.y - 10];
}

function linksFor(
  node: WorkflowNode,
  search: OpenSearch,
  graph: Graph,
  catalogue: Parameters<typeof connect>[2],
): Recipe[] {
  const own = node.id;
  const recipes = search.ends.flatMap((end) => {
    const slot = end.isOutput ? firstFittingInput(node, end.carries ?? end.type) : firstFittingOutput(node, end.type);
    if (slot === null) return [];
    return end.isOutput ? connect(end, { node: own, slot }, catalogue) : connect({ node: own, slot }, end, catalogue);
  });
  const link = search.into === null ? undefined : indexOf(graph).links.get(search.into);
  if (!link) return recipes;
  const input = firstFittingInput(node, link.type);
  const output = firstFittingOutput(node, link.type);
  if (input === null || output === null) return recipes;
  return [
    disconnect([link.id]),
    connect({ node: link.from, slot: link.fromSlot }, { node: own, slot: input }, catalogue),
    connect({ node: own, slot: output }, { node: link.to, slot: link.toSlot }, catalogue),
  ];
}
