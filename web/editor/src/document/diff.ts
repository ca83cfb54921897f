/** What differs between two versions of a workflow, in terms that a person knows. */

import { isSame } from "./equal";
import type { Json } from "./json";
import type { Link } from "./links";
import { indexOf } from "./links";
import { type Around, schemaOf } from "./node_schema";
import { titleOf } from "./geometry";
import type { Catalogue } from "./schema";
import { widgetsOf } from "./widgets";
import type { Graph, NodeId, Scope, Workflow, WorkflowNode } from "./workflow";
import { definitionsOf, INPUT_NODE, keyOf, OUTPUT_NODE, pair } from "./workflow";

/** A node as people know it. */
export interface NamedNode {
  readonly scope: Scope;
  readonly node: NodeId;
  readonly title: string;
  readonly type: string;
}

export interface ValueChange {
  readonly name: string;
  readonly from: Json | undefined;
  readonly to: Json | undefined;
}

/** What changed on a node that both versions have. */
export interface NodeChange extends NamedNode {
  readonly values: readonly ValueChange[];
  /** Names of fields: `title`, `mode`, `color`, `flags` ... */
  readonly fields: readonly ValueChange[];
  readonly moved: boolean;
  readonly sized: boolean;
}

/** A link by what it joins. */
export interface NamedLink {
  readonly scope: Scope;
  readonly from: string;
  readonly output: string;
  readonly to: string;
  readonly input: string;
}

export interface WorkflowDiff {
  readonly added: readonly NamedNode[];
  readonly removed: readonly NamedNode[];
  readonly changed: readonly NodeChange[];
  readonly linked: readonly NamedLink[];
  readonly unlinked: readonly NamedLink[];
  readonly subgraphs: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly groups: { readonly before: number; readonly after: number; readonly changed: boolean };
  /** Nothing that is shown or run differs. */
  readonly isEmpty: boolean;
}

/** The differences from one version to another. Nodes are the same if they have the same id and type. */
export function diffWorkflows(before: Workflow, after: Workflow, catalogue: Catalogue): WorkflowDiff {
  const scopes = new Set<Scope>([
    null,
    ...definitionsOf(before).map((one) => one.id),
    ...definitionsOf(after).map((one) => one.id),
  ]);
  const graphs = [...scopes].map((scope) => ({ scope, was: graphIn(before, scope), is: graphIn(after, scope) }));
  const parts = graphs.map(({ scope, was, is }) =>
    was === is
      ? NOTHING
      : diffGraphs(scope, { workflow: before, graph: was, catalogue }, { workflow: after, graph: is, catalogue }),
  );
  const groups = {
    before: before.groups?.length ?? 0,
    after: after.groups?.length ?? 0,
    changed: !isSame(before.groups ?? [], after.groups ?? []),
  };
  const diff = {
    added: parts.flatMap((part) => part.added),
    removed: parts.flatMap((part) => part.removed),
    changed: parts.flatMap((part) => part.changed),
    linked: parts.flatMap((part) => part.linked),
    unlinked: parts.flatMap((part) => part.unlinked),
    subgraphs: { added: newNames(before, after), removed: newNames(after, before) },
    groups,
  };
  const count =
    diff.added.length + diff.removed.length + diff.changed.length + diff.linked.length + diff.unlinked.length;
  const named = diff.subgraphs.added.length + diff.subgraphs.removed.length;
  return { ...diff, isEmpty: count + named === 0 && !groups.changed };
}

type GraphDiff = Pick<WorkflowDiff, "added" | "removed" | "changed" | "linked" | "unlinked">;

const NOTHING: GraphDiff = { added: [], removed: [], changed: [], linked: [], unlinked: [] };
const EMPTY: Graph = { nodes: [], links: [] };

function graphIn(workflow: Workflow, scope: Scope): Graph {
  return scope === null ? workflow : (definitionsOf(workflow).find((one) => one.id === scope) ?? EMPTY);
}

function newNames(before: Workflow, after: Workflow): string[] {
  const known = new Set(definitionsOf(before).map((one) => one.id));
  return definitionsOf(after).flatMap((one) => (known.has(one.id) ? [] : one.name));
}

function diffGraphs(scope: Scope, before: Around, after: Around): GraphDiff {
  const was = indexOf(before.graph);
  const is = indexOf(after.graph);
  const isKept = (node: WorkflowNode, others: ReadonlyMap<string, WorkflowNode>): boolean =>
    others.get(keyOf(node.id))?.type === node.type;
  const linksBefore = namedLinks(scope, before);
  const linksAfter = namedLinks(scope, after);
  return {
    added: [...is.nodes.values()].filter((node) => !isKept(node, was.nodes)).map((node) => named(scope, node, after)),
    removed: [...was.nodes.values()]
      .filter((node) => !isKept(node, is.nodes))
      .map((node) => named(scope, node, before)),
    changed: [...is.nodes.values()].flatMap((node) => {
      const former = was.nodes.get(keyOf(node.id));
      return former && former !== node && former.type === node.type ? changeOf(scope, former, before, node, after) : [];
    }),
    linked: [...linksAfter].filter(([key]) => !linksBefore.has(key)).map(([, link]) => link),
    unlinked: [...linksBefore].filter(([key]) => !linksAfter.has(key)).map(([, link]) => link),
  };
}

function named(scope: Scope, node: WorkflowNode, around: Around): NamedNode {
  return { scope, node: node.id, title: titleOf(node, schemaOf(node, around)), type: node.type };
}

/** Fields that follow from others, or that are told apart from them. */
const OTHERWISE: ReadonlySet<string> = new Set([
  "id",
  "type",
  "pos",
  "size",
  "order",
  "inputs",
  "outputs",
  "widgets_values",
  "widgets_values_named",
]);

function changeOf(scope: Scope, former: WorkflowNode, before: Around, node: WorkflowNode, after: Around): NodeChange[] {
  const values = valueChanges(former, before, node, after);
  const names = new Set([...Object.keys(former), ...Object.keys(node)].filter((name) => !OTHERWISE.has(name)));
  const fields = [...names].flatMap((name) => {
    const [from, to] = [former[name] as Json | undefined, node[name] as Json | undefined];
    return isSame(from, to) ? [] : { name, from, to };
  });
  const moved = !isSame(pair(former.pos), pair(node.pos));
  const sized = !isSame(pair(former.size), pair(node.size));
  if (values.length + fields.length === 0 && !moved && !sized) return [];
  return [{ ...named(scope, node, after), values, fields, moved, sized }];
}

function valueChanges(former: WorkflowNode, before: Around, node: WorkflowNode, after: Around): ValueChange[] {
  const was = shownValues(former, before);
  const is = shownValues(node, after);
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name) => {
    const [from, to] = [was.get(name), is.get(name)];
    return isSame(from, to) ? [] : { name, from, to };
  });
}

/** Values by name, what becomes of seeds among them. */
function shownValues(node: WorkflowNode, around: Around): ReadonlyMap<string, Json> {
  const widgets = widgetsOf(node, schemaOf(node, around));
  const controls = widgets.flatMap(({ name, control }) => (control ? [[`${name} (after)`, control] as const] : []));
  return new Map<string, Json>([...widgets.map(({ name, value }) => [name, value] as const), ...controls]);
}

/** Links by what they join, so that a link that was removed and made again is the same. */
function namedLinks(scope: Scope, around: Around): ReadonlyMap<string, NamedLink> {
  const { nodes, links } = indexOf(around.graph);
  const border = around.graph as { inputs?: readonly { name: string }[]; outputs?: readonly { name: string }[] };
  const named = (link: Link): readonly [string, NamedLink] => {
    const from = nodes.get(keyOf(link.from));
    const to = nodes.get(keyOf(link.to));
    const outputs = link.from === INPUT_NODE ? border.inputs : from?.outputs;
    const inputs = link.to === OUTPUT_NODE ? border.outputs : to?.inputs;
    const output = outputs?.[link.fromSlot]?.name ?? String(link.fromSlot);
    const input = inputs?.[link.toSlot]?.name ?? String(link.toSlot);
    const titles = [from, to].map((node) => (node ? titleOf(node, schemaOf(node, around)) : ""));
    const key = JSON.stringify([link.from, link.fromSlot, link.to, input]);
    return [key, { scope, from: titles[0] ?? "", output, to: titles[1] ?? "", input }];
  };
  return new Map([...links.values()].map(named));
}
