/** The reference files that tests compare with; they lie beside the repository and are absent elsewhere. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Catalogue, readCatalogue } from "../../src/document/schema";
import type { Workflow } from "../../src/document/workflow";

const REFERENCE = join(import.meta.dirname, "../../../../../shared/reference");
const GIVEN = join(REFERENCE, "workflows/given");

/** Why tests on reference files are skipped; null where the files are there. */
export const ABSENT = existsSync(GIVEN) ? null : "shared/reference is not beside this repository";

/** The names of the UI workflows. */
export function uiNames(): readonly string[] {
  return ABSENT ? [] : readdirSync(join(GIVEN, "ui")).filter((name) => name.endsWith(".json"));
}

export function uiText(name: string): string {
  return readFileSync(join(GIVEN, "ui", name), "utf8");
}

export function uiWorkflow(name: string): Workflow {
  return JSON.parse(uiText(name)) as Workflow;
}

/** API prompts, by name. */
export function apiPrompts(): readonly (readonly [string, unknown])[] {
  if (ABSENT) return [];
  const names = readdirSync(join(GIVEN, "api"));
  return names.map((name) => [name, JSON.parse(readFileSync(join(GIVEN, "api", name), "utf8"))]);
}

/** The prompt that the stock editor makes of a UI workflow; undefined where it was not recorded. */
export function recordedPrompt(name: string): Prompt | undefined {
  const file = join(GIVEN, "ui_to_api", name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { output: Prompt }).output : undefined;
}

export type Prompt = Record<string, { class_type: string; inputs: Record<string, unknown> }>;

/** The stock node types as servers announce them; the reference only names the choices that machines differ in. */
export function stockCatalogue(): Catalogue {
  const nodes = JSON.parse(readFileSync(join(REFERENCE, "nodes.json"), "utf8")) as Record<string, Described>;
  const info = Object.entries(nodes).map(([type, node]) => {
    const input = Object.fromEntries(Object.entries(node.inputs).map(([part, inputs]) => [part, announced(inputs)]));
    return [type, { ...node, input, output: node.outputs, output_name: node.output_names }];
  });
  return readCatalogue(Object.fromEntries(info));
}

function announced(inputs: Described["inputs"][string]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, [type, options]]) => {
      const isNamed =
        typeof type === "string" && (type.startsWith("FILES:") || ["SAMPLERS", "SCHEDULERS"].includes(type));
      const output = ["SAMPLERS", "SCHEDULERS"].includes(String(type)) ? ["euler", "normal"] : ["a.safetensors"];
      return [name, isNamed ? [output, options ?? {}] : [type, options ?? {}]];
    }),
  );
}

interface Described {
  readonly inputs: Record<string, Record<string, readonly [unknown, unknown?]>>;
  readonly outputs: unknown;
  readonly output_names: unknown;
}
