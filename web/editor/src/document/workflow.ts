/**
 * The file format of saved workflows (API_FACTS 8): version 0.4 at the top, version 1 within subgraphs.
 *
 * A document *is* the parsed file. Commands replace what they change and share the rest, so a file that nobody edits is
 * written back as it was read, and every field that this editor does not know survives.
 */

import type { Json } from "./json";

/** Ids are numbers in most files and strings in some; `keyOf` makes them comparable. */
export type NodeId = number | string;

/** A socket's type; lists of types are written with commas, `*` takes anything, numbers are old event types. */
export type SlotType = string | number;

/** `[x, y]` in most files, `{"0": x, "1": y}` in others. */
export type Pair = readonly [number, number] | { readonly 0: number; readonly 1: number };

export interface NodeInput {
  readonly name: string;
  readonly type: SlotType;
  readonly link?: number | null;
  readonly label?: string;
  readonly localized_name?: string;
  readonly shape?: number;
  /** The input stands for a widget, which it replaces while it is linked. */
  readonly widget?: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export interface NodeOutput {
  readonly name: string;
  readonly type: SlotType;
  readonly links?: readonly number[] | null;
  readonly label?: string;
  readonly localized_name?: string;
  readonly shape?: number;
  readonly [key: string]: unknown;
}

/** How a node takes part: always, muted (its outputs vanish), bypassed (links go through it). */
export const Mode = { always: 0, onEvent: 1, never: 2, onTrigger: 3, bypass: 4 } as const;

export interface WorkflowNode {
  readonly id: NodeId;
  readonly type: string;
  readonly pos: Pair;
  readonly size?: Pair;
  readonly flags?: { readonly collapsed?: boolean; readonly pinned?: boolean; readonly [key: string]: unknown };
  readonly order?: number;
  readonly mode?: number;
  readonly inputs?: readonly NodeInput[];
  readonly outputs?: readonly NodeOutput[];
  readonly properties?: { readonly [key: string]: unknown };
  /** By position in most files, by name in those of some packs. */
  readonly widgets_values?: readonly Json[] | { readonly [name: string]: Json } | null;
  /** The same values by name, beside the list, in files of newer editors; the list is what counts. */
  readonly widgets_values_named?: { readonly [name: string]: Json } | null;
  readonly title?: string;
  readonly color?: string;
  readonly bgcolor?: string;
  readonly shape?: number | string;
  readonly [key: string]: unknown;
}

/** A node that has no id yet. (`Omit` would lose the fields, because of the unknown ones.) */
export type FreshNode = { readonly [Key in keyof WorkflowNode as Key extends "id" ? never : Key]: WorkflowNode[Key] };

/** `[id, origin node, origin slot, target node, target slot, type]`. */
export type LinkTuple = readonly [number, NodeId, number, NodeId, number, SlotType, ...unknown[]];

export interface LinkObject {
  readonly id: number;
  readonly origin_id: NodeId;
  readonly origin_slot: number;
  readonly target_id: NodeId;
  readonly target_slot: number;
  readonly type: SlotType;
  readonly parentId?: number;
  readonly [key: string]: unknown;
}

/** Some writers leave null where a link was. */
export type RawLink = LinkTuple | LinkObject | null;

export interface Group {
  readonly title: string;
  /** x, y, width, height */
  readonly bounding: readonly [number, number, number, number];
  readonly color?: string;
  readonly font_size?: number;
  readonly id?: number;
  readonly flags?: { readonly collapsed?: boolean; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** A bend of links that is no node; links name the last one before their target as `parentId`. */
export interface Reroute {
  readonly id: number;
  readonly pos: Pair;
  readonly linkIds?: readonly number[];
  readonly parentId?: number;
  readonly [key: string]: unknown;
}

/** What the top level and a subgraph have in common. */
export interface Graph {
  readonly nodes: readonly WorkflowNode[];
  readonly links: readonly RawLink[];
  readonly groups?: readonly Group[];
  /** Of version 1; version 0.4 has them in `extra.reroutes`. */
  readonly reroutes?: readonly Reroute[];
  readonly extra?: { readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export interface SubgraphSlot {
  readonly id: string;
  readonly name: string;
  readonly type: SlotType;
  readonly linkIds?: readonly number[];
  readonly label?: string;
  readonly localized_name?: string;
  readonly pos?: Pair;
  readonly [key: string]: unknown;
}

/** Where links from outside come in (`INPUT_NODE`) and go out (`OUTPUT_NODE`) of a subgraph. */
export const INPUT_NODE = -10;
export const OUTPUT_NODE = -20;

export interface SubgraphDefinition extends Graph {
  readonly id: string;
  readonly name: string;
  readonly inputNode: { readonly id: number; readonly bounding: readonly number[]; readonly [key: string]: unknown };
  readonly outputNode: { readonly id: number; readonly bounding: readonly number[]; readonly [key: string]: unknown };
  readonly inputs?: readonly SubgraphSlot[];
  readonly outputs?: readonly SubgraphSlot[];
  readonly widgets?: readonly { readonly id: NodeId; readonly name: string; readonly [key: string]: unknown }[];
  readonly definitions?: Workflow["definitions"];
}

export interface Workflow extends Graph {
  readonly id?: string;
  readonly revision?: number;
  readonly last_node_id?: number;
  readonly last_link_id?: number;
  readonly version?: number;
  readonly config?: { readonly [key: string]: unknown };
  readonly definitions?: { readonly subgraphs?: readonly SubgraphDefinition[]; readonly [key: string]: unknown };
}

/** Which graph of a workflow is meant: null the top level, else a subgraph's id. */
export type Scope = string | null;

/** A node's id as a key of maps and as the server writes it. */
export function keyOf(id: NodeId): string {
  return String(id);
}

/** The two numbers of a position or size, whichever way they were written. */
export function pair(value: Pair | null | undefined, otherwise: readonly [number, number] = [0, 0]): [number, number] {
  const [first, second] = [Number(value?.[0]), Number(value?.[1])];
  return [isOnCanvas(first) ? first : otherwise[0], isOnCanvas(second) ? second : otherwise[1]];
}

/** No view shows what lies or reaches further; damaged files have such numbers. */
export const FARTHEST = 1e7;

function isOnCanvas(value: number): boolean {
  return Math.abs(value) <= FARTHEST;
}

/** The definitions of a workflow's subgraphs, also those that some files keep inside other definitions. */
export function definitionsOf(holder: DefinitionsHolder): readonly SubgraphDefinition[] {
  const own = holder.definitions?.subgraphs ?? [];
  return own.some((one) => one.definitions) ? own.flatMap((one) => [one, ...definitionsOf(one)]) : own;
}

type DefinitionsHolder = Pick<Workflow, "definitions">;

/** A graph of a workflow, or undefined when the subgraph is not there. */
export function graphOf(workflow: Workflow, scope: Scope): Graph | undefined {
  if (scope === null) return workflow;
  return definitionsOf(workflow).find((subgraph) => subgraph.id === scope);
}

/** The definition that a node is an instance of; undefined for ordinary nodes. */
export function definitionOf(workflow: Workflow, node: WorkflowNode): SubgraphDefinition | undefined {
  return definitionsOf(workflow).find((subgraph) => subgraph.id === node.type);
}
