/**
 * Running a workflow only up to some nodes.
 *
 * The server runs up to *output nodes*. For a node that is none, a copy of the workflow gets one that shows its result:
 * the simplest output type of the catalogue that takes it. What that shows is shown on the node itself.
 */

import { edited } from "../document/edit";
import { connect } from "../document/commands/links";
import { addNode, freshNode } from "../document/commands/nodes";
import type { Catalogue, NodeSchema } from "../document/schema";
import { typesMatch } from "../document/socket_types";
import { isVirtual } from "../document/virtual";
import type { NodeId, Workflow } from "../document/workflow";
import { definitionOf, graphOf } from "../document/workflow";
import { placeOf } from "../document/node_ids";

export interface PartialRun {
  readonly workflow: Workflow;
  /** Ids of output nodes. */
  readonly targets: readonly string[];
  /** Of nodes that were added: whose results they show. */
  readonly probes: ReadonlyMap<string, string>;
  /** Nodes whose results nothing here can show. */
  readonly impossible: readonly string[];
}

/** What to queue so that the server runs no more than what these nodes need (ids as the server writes them). */
export function runUntil(workflow: Workflow, nodes: readonly string[], types: Catalogue): PartialRun {
  let changed = workflow;
  const targets: string[] = [];
  const probes = new Map<string, string>();
  const impossible: string[] = [];
  for (const id of nodes) {
    const own = outputsAt(workflow, id, types);
    if (own.length > 0) {
      targets.push(...own);
      continue;
    }
    const probed = withProbe(changed, id, types);
    if (!probed) {
      impossible.push(id);
      continue;
    }
    changed = probed.workflow;
    targets.push(probed.probe);
    probes.set(probed.probe, id);
  }
  return { workflow: changed, targets: [...new Set(targets)], probes, impossible };
}

/** The node itself where it is an output node; the output nodes inside, where it is a subgraph. */
function outputsAt(workflow: Workflow, id: string, types: Catalogue): string[] {
  const place = placeOf(workflow, id);
  if (!place || isVirtual(place.node.type)) return [];
  const inside = definitionOf(workflow, place.node);
  if (inside) return inside.nodes.flatMap((node) => outputsAt(workflow, `${id}:${node.id}`, types));
  return types.get(place.node.type)?.isOutput ? [id] : [];
}

function withProbe(workflow: Workflow, id: string, types: Catalogue): { workflow: Workflow; probe: string } | null {
  const place = placeOf(workflow, id);
  const outputs = place?.node.outputs ?? [];
  for (const [slot, output] of outputs.entries()) {
    const shower = showerOf(String(output.type), types);
    if (!place || !shower) continue;
    let added: NodeId = "";
    const node = { ...freshNode(shower.schema, [0, 0]), title: place.node.title ?? place.node.type };
    const withNode = edited(
      workflow,
      place.scope,
      addNode(node, (made) => (added = made)),
    );
    const into = graphOf(withNode, place.scope)
      ?.nodes.find((one) => one.id === added)
      ?.inputs?.findIndex((one) => one.name === shower.input);
    if (into === undefined || into < 0) continue;
    const linked = edited(withNode, place.scope, connect({ node: place.node.id, slot }, { node: added, slot: into }));
    return { workflow: linked, probe: [...place.trail.map((step) => step.instance), added].join(":") };
  }
  return null;
}

/** An output type that shows values of a type, needs nothing else, and keeps no file: it has no widgets. */
function showerOf(type: string, types: Catalogue): { schema: NodeSchema; input: string } | null {
  const fitting = [...types.values()].flatMap((schema) => {
    const [input, ...others] = schema.inputs.filter((one) => !one.optional);
    if (!schema.isOutput || !input || others.length > 0 || schema.inputs.some((one) => one.isWidget)) return [];
    return typesMatch(type, input.type) ? [{ schema, input: input.name, exact: input.type === type }] : [];
  });
  return fitting.find((one) => one.exact) ?? fitting[0] ?? null;
}
