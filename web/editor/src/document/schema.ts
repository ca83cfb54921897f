/** Node types as the server announces them (`GET /object_info`), read into one shape. */

import type { Json } from "./json";
import { isObject } from "./json";

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
  /** A seed: a second widget after it says what becomes of it when a prompt is queued. */
  readonly controlAfterGenerate: boolean;
  /** Files can be added to the choices: `image`, `video`, `audio`; a second widget (its button) follows in files. */
  readonly upload: "image" | "video" | "audio" | undefined;
  readonly tooltip: string | undefined;
  /** Everything that the server said, for what has no field here. */
  readonly options: { readonly [key: string]: unknown };
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
  /** The Python module that it comes from: `nodes`, `custom_nodes.PACK`. */
  readonly module: string;
}

/** Every node type by its name. */
export type Catalogue = ReadonlyMap<string, NodeSchema>;

const WIDGET_TYPES: ReadonlySet<string> = new Set(["INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"]);
const SEEDS: ReadonlySet<string> = new Set(["seed", "noise_seed"]);

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
  const upload = (["image", "video", "audio"] as const).find((kind) => options[`${kind}_upload`] === true);
  return {
    name,
    type,
    optional,
    isWidget: WIDGET_TYPES.has(type) && options["forceInput"] !== true,
    default: options["default"] as Json | undefined,
    min: number(options["min"]),
    max: number(options["max"]),
    step: number(options["step"]),
    choices: choices.filter(isChoice),
    multiline: options["multiline"] === true,
    dynamicPrompts: options["dynamicPrompts"] === true,
    display: text(options["display"]) || undefined,
    controlAfterGenerate: type === "INT" && (SEEDS.has(name) || Boolean(options["control_after_generate"])),
    upload,
    tooltip: text(options["tooltip"]) || undefined,
    options,
  };
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
