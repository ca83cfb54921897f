/** Opening workflows: UI files of version 0.4 and 1, and API prompts, which are laid out. */

import { promptToWorkflow } from "./from_prompt";
import { isObject } from "./json";
import { mended } from "./mend";
import { parseJson } from "./parse";
import { type DocumentProblem, problem, WorkflowError } from "./problems";
import type { Catalogue } from "./schema";
import type { Workflow } from "./workflow";

export interface ReadWorkflow {
  readonly workflow: Workflow;
  /** What was wrong and has been put up with; nothing of it keeps the workflow from being edited and saved. */
  readonly problems: readonly DocumentProblem[];
  /** What the file was. */
  readonly kind: "ui" | "api";
}

/**
 * Read a workflow, from a text or from parsed JSON.
 *
 * A sound UI workflow is given back as it was parsed. API prompts need the catalogue, to know what belongs where.
 * Throws a WorkflowError, with a sentence for people, when this is no workflow.
 */
export function readWorkflow(input: unknown, catalogue: Catalogue = new Map()): ReadWorkflow {
  const { value, hadNonFinite } = typeof input === "string" ? parseJson(input) : { value: input, hadNonFinite: false };
  const problems: DocumentProblem[] = hadNonFinite ? [problem("not_finite", {}, null)] : [];
  const found = detect(typeof value === "string" ? parseJson(value).value : value);
  if (found.kind === "ui") return { workflow: mended(found.data, problems), problems, kind: "ui" };
  return { workflow: promptToWorkflow(found.data, catalogue, problems), problems, kind: "api" };
}

interface Detected {
  readonly kind: "ui" | "api";
  readonly data: Record<string, unknown>;
}

/** What a parsed file is: bare, or wrapped as servers and other tools do. */
function detect(value: unknown): Detected {
  if (!isObject(value)) throw new WorkflowError("not_a_workflow", { found: kindOf(value) });
  if (Array.isArray(value["nodes"])) return { kind: "ui", data: value };
  const workflow = unpacked(value["workflow"]);
  if (isObject(workflow) && Array.isArray(workflow["nodes"])) return { kind: "ui", data: workflow };
  for (const key of ["prompt", "output"]) {
    const inner = unpacked(value[key]);
    if (isObject(inner) && !("class_type" in inner) && isPromptLike(inner)) return { kind: "api", data: inner };
  }
  if (isPromptLike(value)) return { kind: "api", data: value };
  const names = Object.keys(value);
  if (names.length === 0) throw new WorkflowError("no_nodes");
  throw new WorkflowError("not_a_workflow", { found: names.slice(0, 5).map(shortened).join(", ") });
}

/** Some tools put JSON into a text. */
function unpacked(value: unknown): unknown {
  if (typeof value !== "string" || !value.trimStart().startsWith("{")) return value;
  try {
    return parseJson(value).value;
  } catch {
    return undefined; // It only looked like JSON; what else the file holds is tried.
  }
}

/** Whether it is an API prompt, maybe a flawed one: some node in it has a class_type. */
function isPromptLike(value: Record<string, unknown>): boolean {
  return Object.values(value).some((entry) => isObject(entry) && "class_type" in entry);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return value === null ? "null" : `a ${typeof value}`;
}

function shortened(name: string): string {
  return `'${name.length > 40 ? `${name.slice(0, 40)}…` : name}'`;
}
