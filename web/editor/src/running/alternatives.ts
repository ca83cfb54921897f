/**
 * Dynamic prompts: `{a|b}` in texts that have them becomes one of its alternatives whenever a workflow is queued.
 *
 * The server could choose as well, but takes the same one each time; a person who writes alternatives wants variety.
 * `%date:...%` and `%Node.widget%` are left to the server, which resolves them as it converts the workflow.
 */

import type { Catalogue } from "../document/schema";
import { widgetsOf } from "../document/widgets";
import type { Workflow, WorkflowNode } from "../document/workflow";
import type { Json } from "../document/json";

/** A number from 0 up to but without 1. */
export type Random = () => number;

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
const SIGN = /\\[\s\S]|[{|}]/g;

/**
 * A text with one alternative of each group, and without comments (a text without groups keeps them for the server).
 *
 * Groups nest, an unclosed one reaches to the end, and `\{`, `\|`, `\}` stand for the signs themselves; they are still
 * written so in the result, so that choosing again changes nothing.
 */
export function pickAlternatives(text: string, random: Random): string {
  const groups: string[][] = [[""]]; // the open groups, outermost first; each is its alternatives so far
  const write = (part: string): void => {
    const open = groups.at(-1);
    if (open) open[open.length - 1] += part;
  };
  const close = (): void => {
    const alternatives = groups.pop() ?? [];
    write(alternatives[Math.floor(random() * alternatives.length)] ?? "");
  };
  if (!text.includes("{")) return text;
  const plain = text.replace(COMMENT, "");
  let at = 0;
  for (const { 0: sign, index } of plain.matchAll(SIGN)) {
    write(plain.slice(at, index));
    at = index + sign.length;
    if (sign === "{") groups.push([""]);
    else if (sign === "|" && groups.length > 1) groups.at(-1)?.push("");
    else if (sign === "}" && groups.length > 1) close();
    else write(sign);
  }
  write(plain.slice(at));
  while (groups.length > 1) close();
  return groups[0]?.[0] ?? "";
}

/** A workflow with the alternatives of its texts chosen; the same object where there are none. */
export function withAlternativesPicked(workflow: Workflow, types: Catalogue, random: Random): Workflow {
  const nodes = pickedNodes(workflow.nodes, types, random);
  const inside = workflow.definitions?.subgraphs ?? [];
  const subgraphs = inside.map((one) => {
    const changed = pickedNodes(one.nodes, types, random);
    return changed === one.nodes ? one : { ...one, nodes: changed };
  });
  const same = nodes === workflow.nodes && subgraphs.every((one, index) => one === inside[index]);
  if (same) return workflow;
  return {
    ...workflow,
    nodes,
    ...(workflow.definitions ? { definitions: { ...workflow.definitions, subgraphs } } : {}),
  };
}

function pickedNodes(nodes: readonly WorkflowNode[], types: Catalogue, random: Random): readonly WorkflowNode[] {
  let changed = false;
  const picked = nodes.map((node) => {
    const next = pickedNode(node, types, random);
    changed ||= next !== node;
    return next;
  });
  return changed ? picked : nodes;
}

function pickedNode(node: WorkflowNode, types: Catalogue, random: Random): WorkflowNode {
  let values = node.widgets_values;
  for (const { name, index, spec, value } of widgetsOf(node, types.get(node.type))) {
    if (spec.type !== "STRING" || !spec.dynamicPrompts || typeof value !== "string") continue;
    const text = pickAlternatives(value, random);
    if (text !== value) values = withValue(values, name, index, text);
  }
  return values === node.widgets_values ? node : { ...node, widgets_values: values };
}

function withValue(
  values: WorkflowNode["widgets_values"],
  name: string,
  index: number,
  value: Json,
): WorkflowNode["widgets_values"] {
  if (Array.isArray(values)) return (values as readonly Json[]).with(index, value);
  return { ...(values as Record<string, Json> | null | undefined), [name]: value };
}
