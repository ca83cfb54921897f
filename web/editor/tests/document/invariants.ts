/** What has to hold of every workflow that the commands make. */

import { indexOf, readLink } from "../../src/document/links";
import { bendsOf } from "../../src/document/reroutes";
import type { Graph, SubgraphDefinition, Workflow } from "../../src/document/workflow";
import { definitionsOf, INPUT_NODE, keyOf, OUTPUT_NODE } from "../../src/document/workflow";

/** Everything that is wrong; empty for a sound workflow. */
export function faultsOf(workflow: Workflow): string[] {
  const graphs: readonly (readonly [string, Graph])[] = [
    ["top", workflow],
    ...definitionsOf(workflow).map((one) => [one.name, one] as const),
  ];
  return [
    ...graphs.flatMap(([name, graph]) => graphFaults(graph).map((fault) => `${name}: ${fault}`)),
    ...instanceFaults(workflow),
  ];
}

function graphFaults(graph: Graph): string[] {
  const faults: string[] = [];
  const ids = graph.nodes.map((node) => keyOf(node.id));
  if (new Set(ids).size !== ids.length) faults.push("two nodes have one id");
  const { nodes, links } = indexOf(graph);
  const written = graph.links.flatMap((raw) => readLink(raw) ?? []);
  if (new Set(written.map((link) => link.id)).size !== written.length) faults.push("two links have one id");
  for (const link of written) if (!links.has(link.id)) faults.push(`link ${link.id} leads nowhere`);
  const border = graph as Partial<SubgraphDefinition>;
  for (const link of links.values()) {
    const out =
      link.from === INPUT_NODE
        ? border.inputs?.[link.fromSlot]?.linkIds
        : nodes.get(keyOf(link.from))?.outputs?.[link.fromSlot]?.links;
    if (!out?.includes(link.id)) faults.push(`the output of link ${link.id} does not name it`);
    const into =
      link.to === OUTPUT_NODE
        ? border.outputs?.[link.toSlot]?.linkIds?.includes(link.id)
        : nodes.get(keyOf(link.to))?.inputs?.[link.toSlot]?.link === link.id;
    if (!into) faults.push(`the input of link ${link.id} does not name it`);
  }
  for (const node of graph.nodes) {
    for (const input of node.inputs ?? []) {
      if (input.link != null && !links.has(input.link))
        faults.push(`node ${node.id} names link ${input.link}, which is not there`);
    }
    for (const id of (node.outputs ?? []).flatMap((output) => output.links ?? [])) {
      if (!links.has(id)) faults.push(`an output of node ${node.id} names link ${id}, which is not there`);
    }
  }
  for (const slot of [...(border.inputs ?? []), ...(border.outputs ?? [])]) {
    for (const id of slot.linkIds ?? [])
      if (!links.has(id)) faults.push(`slot ${slot.name} names link ${id}, which is not there`);
  }
  faults.push(...bendFaults(graph), ...counterFaults(graph));
  return faults;
}

function bendFaults(graph: Graph): string[] {
  const bends = bendsOf(graph);
  const faults = [...indexOf(graph).links.values()]
    .filter((link) => link.reroute !== null && !bends.has(link.reroute))
    .map((link) => `link ${link.id} names reroute ${link.reroute}, which is not there`);
  for (const bend of bends.values()) {
    if (bend.parent !== null && !bends.has(bend.parent)) faults.push(`reroute ${bend.id} names ${bend.parent}`);
    if (bend.links.length === 0) faults.push(`no link goes through reroute ${bend.id}`);
  }
  return faults;
}

function counterFaults(graph: Graph): string[] {
  const state = graph["state"] as { lastNodeId?: number; lastLinkId?: number } | undefined;
  const lastNode = state?.lastNodeId ?? (graph["last_node_id"] as number | undefined) ?? Number.POSITIVE_INFINITY;
  const lastLink = state?.lastLinkId ?? (graph["last_link_id"] as number | undefined) ?? Number.POSITIVE_INFINITY;
  const faults: string[] = [];
  if (graph.nodes.some((node) => Number(node.id) > lastNode)) faults.push(`a node's id is above ${lastNode}`);
  if ([...indexOf(graph).links.keys()].some((id) => id > lastLink)) faults.push(`a link's id is above ${lastLink}`);
  return faults;
}

function instanceFaults(workflow: Workflow): string[] {
  const definitions = new Map(definitionsOf(workflow).map((one) => [one.id, one]));
  return [workflow, ...definitions.values()].flatMap((graph) =>
    graph.nodes.flatMap((node) => {
      const definition = definitions.get(node.type);
      if (!definition) return [];
      const inputs = (definition.inputs ?? []).map((slot) => slot.name).join();
      const outputs = (definition.outputs ?? []).map((slot) => slot.name).join();
      const own = [
        (node.inputs ?? []).map((slot) => slot.name).join(),
        (node.outputs ?? []).map((slot) => slot.name).join(),
      ];
      return own[0] === inputs && own[1] === outputs
        ? []
        : [`instance ${node.id} has [${own}] for [${inputs},${outputs}]`];
    }),
  );
}
