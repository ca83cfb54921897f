/** What is wrong with a file: a code with values, to be told in any language, and an English sentence. */

import type { NodeId, Scope } from "./workflow";

/** Sentences by code; `{name}` stands for a value. Each says what and where, and what becomes of it or what to do. */
const SENTENCES = {
  empty: "This file is empty; a workflow is a JSON object. Save it again where it comes from.",
  not_json: "This file is not JSON: {reason}. Save or download the workflow again.",
  too_deep: "This JSON nests lists and objects too deep for a workflow.",
  no_nodes: "This JSON object is empty: the workflow has no nodes.",
  not_a_workflow:
    "This JSON is no workflow: it has neither a list 'nodes' nor nodes with a class_type (it has {found}). " +
    "Open a workflow that an editor saved, or one exported in API format.",
  no_metadata:
    "This picture carries no workflow. Only the original files that ComfyUI or Weft saved do; copies that passed a " +
    "messenger, a website or a picture editor have lost it.",
  no_metadata_tensors: "This file carries no workflow. Only files that a workflow saved do, not models in general.",
  broken_metadata: "The workflow in this file cannot be read: {reason}. Open the original file, not a copy of it.",
  unknown_file:
    "This is no file that can hold a workflow. Open JSON, or PNG, WEBP, JPEG, AVIF, .latent or .safetensors files " +
    "that a workflow saved.",
  clipboard_empty: "There are no nodes on the clipboard. Copy some, or a whole workflow as JSON, and paste again.",
  contains_itself: "The subgraph {name} cannot be put into itself, directly or inside another one.",
  not_finite: "Numbers that JSON does not have (NaN, Infinity) were read as nothing.",
  node_unreadable: "Entries among the nodes that are none, and were left out: {count}.",
  node_without_id: "A node of type {type} had no id; it got the id {id}.",
  node_id_twice: "Two nodes have the id {id}; the later one, of type {type}, got the id {fresh}.",
  node_mended: "Node {id} ({type}) had fields that cannot be read ({fields}); those were set right.",
  links_mended: "The list of links was no list; it was read as one.",
  links_unreadable: "Links that cannot be read: {count}. They are kept in the file but not shown.",
  link_to_nowhere: "Links to nodes or sockets that are not there: {count}. They are kept in the file but not shown.",
  link_id_twice: "Links that share their id with another one: {count}. The later ones count.",
  group_mended: "Groups that cannot be read, and were left out: {count}.",
  subgraph_mended: "Subgraphs that cannot be read, and were left out: {count}.",
  prompt_node_unreadable: "Node {id} of the prompt has no class_type; it was left out.",
  prompt_link_to_nowhere: "Input {input} of node {id} was linked to node {from}, which is not in the prompt.",
  prompt_value_left: "Node {id} ({type}) has no input {input}, so its value was left out.",
} as const;

export type ProblemCode = keyof typeof SENTENCES;
export type ProblemValues = Readonly<Record<string, string | number>>;

/** Something that was wrong with a file that could be opened all the same. */
export interface DocumentProblem {
  readonly code: ProblemCode;
  readonly values: ProblemValues;
  readonly text: string;
  /** The graph that it concerns. */
  readonly scope: Scope;
  readonly node?: NodeId;
}

/** A file that cannot be opened; its message is for people. */
export class WorkflowError extends Error {
  override readonly name = "WorkflowError";
  readonly code: ProblemCode;
  readonly values: ProblemValues;

  constructor(code: ProblemCode, values: ProblemValues = {}) {
    super(sentence(code, values));
    this.code = code;
    this.values = values;
  }
}

/** A problem with its sentence. */
export function problem(code: ProblemCode, values: ProblemValues, scope: Scope, node?: NodeId): DocumentProblem {
  return { code, values, text: sentence(code, values), scope, ...(node === undefined ? {} : { node }) };
}

function sentence(code: ProblemCode, values: ProblemValues): string {
  return SENTENCES[code].replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}
