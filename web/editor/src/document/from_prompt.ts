/** From an API prompt to a workflow of version 0.4: nodes in columns, values in the order that files keep them in. */

import { freshNode } from "./commands/nodes";
import { leastSize, TITLE_HEIGHT } from "./geometry";
import type { Json } from "./json";
import { isNumeric, isObject } from "./json";
import { layered } from "./layers";
import { inOrder } from "./order";
import { type DocumentProblem, problem, WorkflowError } from "./problems";
import type { Catalogue, NodeSchema } from "./schema";
import { SEEDS } from "./schema";
import { placesIn } from "./widget_places";
import { defaultOf } from "./widgets";
import type { FreshNode, LinkTuple, NodeId, NodeInput, NodeOutput, Workflow, WorkflowNode } from "./workflow";
import { keyOf, pair } from "./workflow";

/** A node of a prompt, its inputs told apart. */
interface Entry {
  readonly key: string;
  readonly id: NodeId;
  readonly type: string;
  readonly title: string | undefined;
  readonly schema: NodeSchema | undefined;
  readonly values: ReadonlyMap<string, Json>;
  readonly sources: ReadonlyMap<string, readonly [string, number]>;
}

/** Lay a prompt out. Ids that are whole numbers become numbers; others ("12:7", "loader") stay texts. */
export function promptToWorkflow(
  prompt: Record<string, unknown>,
  catalogue: Catalogue,
  problems: DocumentProblem[],
): Workflow {
  const entries = readEntries(prompt, catalogue, problems);
  if (entries.size === 0) throw new WorkflowError("no_nodes");
  const links: LinkTuple[] = [];
  const nodes = [...entries.values()].map((entry) => makeNode(entry, entries, links, problems));
  const outputs = new Map([...entries.values()].map((entry) => [entry.key, outputsOf(entry, links)]));
  const whole = nodes.map((node) => ({ ...node, outputs: outputs.get(keyOf(node.id)) ?? [] }));
  const numbers = whole.map((node) => Number(node.id)).filter(Number.isInteger);
  return placed({
    last_node_id: numbers.reduce((last, id) => Math.max(last, id), 0),
    last_link_id: links.length,
    nodes: whole,
    links,
    groups: [],
    config: {},
    extra: {},
    version: 0.4,
  });
}

function readEntries(
  prompt: Record<string, unknown>,
  catalogue: Catalogue,
  problems: DocumentProblem[],
): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [key, written] of Object.entries(prompt)) {
    if (!isObject(written) || typeof written["class_type"] !== "string") {
      if (isObject(written)) problems.push(problem("prompt_node_unreadable", { id: key }, null));
      continue;
    }
    const type = written["class_type"];
    const inputs = Object.entries(isObject(written["inputs"]) ? written["inputs"] : {});
    const meta = isObject(written["_meta"]) ? written["_meta"]["title"] : undefined;
    entries.set(key, {
      key,
      id: /^(0|[1-9]\d{0,14})$/.test(key) ? Number(key) : key,
      type,
      title: typeof meta === "string" ? meta : undefined,
      schema: catalogue.get(type),
      values: new Map(inputs.flatMap(([name, value]) => (linkIn(value) ? [] : [[name, literal(value)] as const]))),
      sources: new Map(inputs.flatMap(([name, value]) => pairUp(name, linkIn(value)))),
    });
  }
  return entries;
}

function pairUp<T>(name: string, value: T | undefined): (readonly [string, T])[] {
  return value === undefined ? [] : [[name, value]];
}

function linkIn(value: unknown): readonly [string, number] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [node, slot] = value as unknown[];
  const isNode = typeof node === "string" || typeof node === "number";
  return isNode && Number.isInteger(slot) ? [String(node), Number(slot)] : undefined;
}

/** Lists are wrapped in prompts, to tell them from links. */
function literal(value: unknown): Json {
  return (isObject(value) && "__value__" in value ? value["__value__"] : value) as Json;
}

function makeNode(
  entry: Entry,
  entries: ReadonlyMap<string, Entry>,
  links: LinkTuple[],
  problems: DocumentProblem[],
): WorkflowNode {
  const bare = entry.schema ? freshNode(entry.schema, [0, 0]) : unknownNode(entry);
  const inputs = withExtraSockets(bare.inputs ?? [], entry).map((input, slot) => {
    const source = entry.sources.get(input.name);
    const origin = source && entries.get(source[0]);
    if (source && !origin) {
      problems.push(problem("prompt_link_to_nowhere", { input: input.name, id: entry.key, from: source[0] }, null));
    }
    if (!source || !origin) return input;
    links.push([links.length + 1, origin.id, source[1], entry.id, slot, typeOfOutput(origin, source[1])]);
    return { ...input, link: links.length };
  });
  const values = entry.schema ? valuesOf(entry, entry.schema, problems) : unknownValues(entry);
  const title = entry.title && entry.title !== entry.schema?.displayName ? { title: entry.title } : {};
  return { ...bare, ...title, id: entry.id, inputs, ...(values.length > 0 ? { widgets_values: values } : {}) };
}

/** A node of a type that nobody here knows: its literals are widgets, by name. */
function unknownNode(entry: Entry): FreshNode {
  const inputs = [...entry.values].map(([name, value]) => ({
    name,
    type: typeof value === "number" ? "FLOAT" : typeof value === "boolean" ? "BOOLEAN" : "STRING",
    link: null,
    widget: { name },
  }));
  const properties = { "Node name for S&R": entry.type };
  return { type: entry.type, pos: [0, 0], size: [300, 60], flags: {}, order: 0, mode: 0, inputs, properties };
}

/** Links into inputs that the type does not declare have a socket too. */
function withExtraSockets(inputs: readonly NodeInput[], entry: Entry): readonly NodeInput[] {
  const known = new Set(inputs.map((input) => input.name));
  const extra = [...entry.sources.keys()].filter((name) => !known.has(name));
  return [...extra.map((name) => ({ name, type: "*", link: null })), ...inputs];
}

/** Seeds have their control in files: who knows the type would take the value behind a seed for it. */
function unknownValues(entry: Entry): Json[] {
  return [...entry.values].flatMap(([name, value]) =>
    SEEDS.has(name) && isNumeric(value) ? [value, "fixed"] : [value],
  );
}

function valuesOf(entry: Entry, schema: NodeSchema, problems: DocumentProblem[]): Json[] {
  const places = placesIn(schema, new Set(), -1);
  const names = new Set(places.map(({ spec }) => spec.name));
  for (const [name, value] of entry.values) {
    if (names.has(name) || value === "image") continue; // Prompts of older editors hold the upload button's value too.
    problems.push(problem("prompt_value_left", { id: entry.key, type: entry.type, input: name }, null, entry.id));
  }
  return places.map(({ kind, spec }) => {
    if (kind === "control") return "fixed";
    if (kind !== "value") return kind === "upload" ? "image" : "";
    return entry.values.get(spec.name) ?? defaultOf(spec);
  });
}

function typeOfOutput(entry: Entry, slot: number): string {
  return entry.schema?.outputs[slot]?.type ?? "*";
}

function outputsOf(entry: Entry, links: readonly LinkTuple[]): NodeOutput[] {
  const own = links.filter((link) => link[1] === entry.id);
  const count = own.reduce((most, link) => Math.max(most, Math.min(link[2], MOST_OUTPUTS) + 1), 0);
  return Array.from({ length: Math.max(count, entry.schema?.outputs.length ?? 0) }, (_, slot) => {
    const declared = entry.schema?.outputs[slot];
    const ids = own.filter((link) => link[2] === slot).map((link) => link[0]);
    return {
      name: declared?.name ?? "*",
      type: declared?.type ?? "*",
      links: ids.length > 0 ? ids : null,
      slot_index: slot,
      ...(declared?.isList ? { shape: 6 } : {}),
    };
  });
}

/** A prompt may name any number; no node has so many outputs. */
const MOST_OUTPUTS = 999;

function placed(workflow: Workflow): Workflow {
  const nodes = workflow.nodes.map((node) => {
    const [width, height] = pair(node.size);
    const least = leastSize(node, undefined);
    return { ...node, size: [Math.max(width, least[0]), Math.max(height, least[1])] as const };
  });
  const pieces = nodes.map((node) => ({
    key: keyOf(node.id),
    width: node.size[0],
    height: node.size[1] + TITLE_HEIGHT,
  }));
  const links = workflow.links as readonly LinkTuple[];
  const places = layered(
    pieces,
    links.map((link) => [keyOf(link[1]), keyOf(link[3])]),
  );
  const spread = {
    ...workflow,
    nodes: nodes.map((node) => {
      const [x, y] = places.get(keyOf(node.id)) ?? [0, 0];
      return { ...node, pos: [x, y + TITLE_HEIGHT] as const };
    }),
  };
  const orders = new Map(inOrder(spread).map((node, order) => [node, order]));
  return { ...spread, nodes: spread.nodes.map((node) => ({ ...node, order: orders.get(node) ?? 0 })) };
}
