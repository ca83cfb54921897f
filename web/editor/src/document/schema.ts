/** Node types as the server announces them (`GET /object_info`), read into one shape. */

import type { Json } from "./json";
import { isObject } from "./json";
import type { NodeId, Scope } from "./workflow";

/** What an input of a node type is. */
export interface InputSpec {
  readonly name: string;
  /** `INT`, `FLOAT`, `STRING`, `BOOLEAN`, `COMBO`, or a socket's type. */
  readonly type: string;
  readonly optional: boolean;
  /** It has a widget: a control on the node, used while nothing is linked. */
  readonly isWidget: boolean;
  readonly default: Json | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly step: number | undefined;
  /** Of a COMBO. */
  readonly choices: readonly (string | number | boolean)[];
  readonly multiline: boolean;
  readonly dynamicPrompts: boolean;
  /** `slider`, `number`, `color`, `knob` ... */
  readonly display: string | undefined;
  /** A second widget after it (of a COMBO also a third, a filter) says what becomes of it when a prompt is queued. */
  readonly controlAfterGenerate: boolean;
  /** Files can be added to the choices; a widget of its own (the button) follows the other widgets in files. */
  readonly upload: "image" | "video" | "audio" | undefined;
  /** Where they are kept: `input`, or `output` for results that are taken up again. */
  readonly uploadFolder: string;
  readonly tooltip: string | undefined;
  /** Everything that the server said, for what has no field here. */
  readonly options: { readonly [key: string]: unknown };
  /** Of inputs that no server declares: what the file says of them. */
  readonly inFile?: InFile;
}

export interface InFile {
  /** The place of the value in `widgets_values`, where that does not follow from the order; -1: it has none there. */
  readonly place?: number;
  /** The value belongs to a widget inside a subgraph, and is changed there. */
  readonly home?: WidgetHome;
  /** What people call it. */
  readonly label?: string;
  /** Not even the file says which input this is. */
  readonly nameless?: boolean;
}

/** Where a widget inside a subgraph is. */
export interface WidgetHome {
  readonly scope: Scope;
  readonly node: NodeId;
  readonly name: string;
  readonly index: number;
}

export interface OutputSpec {
  readonly name: string;
  readonly type: string;
  readonly isList: boolean;
  readonly tooltip: string | undefined;
}

export interface NodeSchema {
  readonly type: string;
  readonly displayName: string;
  readonly category: string;
  readonly description: string;
  /** In the order in which nodes show them and files keep their values. */
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly isOutput: boolean;
  readonly deprecated: boolean;
  readonly experimental: boolean;
  /** Nobody adds it by hand: it is made by other nodes. */
  readonly devOnly: boolean;
  /** The Python module that it comes from: `nodes`, `custom_nodes.PACK`. */
  readonly module: string;
}

/** Every node type by its name. */
export type Catalogue = ReadonlyMap<string, NodeSchema>;

const WIDGET_TYPES: ReadonlySet<string> = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"]);
/** Options that let files be added to a COMBO, and what kind of file that is. */
const UPLOADS = [
  ["image_upload", "image"],
  ["animated_image_upload", "image"],
  ["video_upload", "video"],
  ["audio_upload", "audio"],
] as const;
/** Inputs that have a control behind them, whether their type says so or not. */
export const SEEDS: ReadonlySet<string> = new Set(["seed", "noise_seed"]);

/** Read the answer of `GET /object_info`; types that cannot be read are left out. */
export function readCatalogue(info: unknown): Catalogue {
  const catalogue = new Map<string, NodeSchema>();
  if (!isObject(info)) return catalogue;
  for (const [type, data] of Object.entries(info)) {
    if (isObject(data)) catalogue.set(type, readSchema(type, data));
  }
  return catalogue;
}

function readSchema(type: string, data: Record<string, unknown>): NodeSchema {
  const names = list(data["output_name"]);
  const lists = list(data["output_is_list"]);
  const tips = list(data["output_tooltips"]);
  return {
    type,
    displayName: text(data["display_name"]) || type,
    category: text(data["category"]),
    description: text(data["description"]),
    inputs: readInputs(data["input"], data["input_order"]),
    outputs: list(data["output"]).map((output, slot) => ({
      name: text(names[slot]) || socketType(output),
      type: socketType(output),
      isList: lists[slot] === true,
      tooltip: text(tips[slot]) || undefined,
    })),
    isOutput: data["output_node"] === true,
    deprecated: data["deprecated"] === true,
    experimental: data["experimental"] === true,
    devOnly: data["dev_only"] === true,
    module: text(data["python_module"]),
  };
}

function readInputs(input: unknown, order: unknown): InputSpec[] {
  if (!isObject(input)) return [];
  const found: InputSpec[] = [];
  for (const part of ["required", "optional"] as const) {
    const inputs = input[part];
    if (!isObject(inputs)) continue;
    const ordered = isObject(order) ? list(order[part]).filter((name) => typeof name === "string") : [];
    const names = new Set([...ordered, ...Object.keys(inputs)]);
    for (const name of names) {
      const declared = inputs[name];
      if (Array.isArray(declared)) found.push(readInput(name, declared, part === "optional"));
    }
  }
  return found;
}

function readInput(name: string, declared: readonly unknown[], optional: boolean): InputSpec {
  const options = isObject(declared[1]) ? declared[1] : {};
  const type = socketType(declared[0]);
  const choices = Array.isArray(declared[0]) ? declared[0] : list(options["options"]);
  return {
    name,
    type,
    optional,
    isWidget: isWidgetType(options["widgetType"] ?? type) && !isForced(options),
    default: options["default"] as Json | undefined,
    min: number(options["min"]),
    max: number(options["max"]),
    step: number(options["step"]),
    choices: choices.filter(isChoice),
    multiline: options["multiline"] === true,
    dynamicPrompts: options["dynamicPrompts"] === true,
    display: text(options["display"]) || undefined,
    controlAfterGenerate: Boolean(options["control_after_generate"] ?? (type === "INT" && SEEDS.has(name))),
    upload: UPLOADS.find(([flag]) => options[flag] === true)?.[1],
    uploadFolder: text(options["image_folder"]) || "input",
    tooltip: text(options["tooltip"]) || undefined,
    options,
  };
}

/** Whether inputs of this type have a widget. */
export function isWidgetType(type: unknown): boolean {
  return typeof type === "string" && WIDGET_TYPES.has(type);
}

/** Whether an input is a socket although its type could have a widget. */
export function isForced(options: InputSpec["options"]): boolean {
  return options["forceInput"] === true;
}

/** An input of a type that no server declares: a note's text, a widget of a subgraph. */
export function plainInput(name: string, type: string, fields: Partial<InputSpec> = {}): InputSpec {
  return {
    ...readInput(name, [type, {}], false),
    controlAfterGenerate: false,
    isWidget: isWidgetType(type),
    ...fields,
  };
}

/** A node type that no server declares. */
export function plainSchema(type: string, fields: Partial<NodeSchema>): NodeSchema {
  return { ...readSchema(type, {}), ...fields };
}

function socketType(declared: unknown): string {
  return Array.isArray(declared) ? "COMBO" : text(declared) || "*";
}

function isChoice(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
