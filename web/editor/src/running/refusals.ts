/** What the server refused to queue, put on the nodes and inputs that it concerns, and said in a notice. */

import type { ServerProblem } from "../api/server";
import { isObject } from "../document/json";
import type { Text } from "../i18n/messages";
import type { NodeProblem } from "../state/runs";
import type { Studio } from "../state/studio";
import { Changes } from "./changes";
import { instancesAround, shownId } from "../document/node_ids";
import { revealNode } from "./reveal";

export type ProblemsByNode = ReadonlyMap<string, readonly NodeProblem[]>;

/** The problems in `node_errors` of an answer, by node. */
export function readNodeErrors(answer: unknown, t: Text): ProblemsByNode {
  const found = new Map<string, NodeProblem[]>();
  const nodes = isObject(answer) ? answer["node_errors"] : null;
  for (const [id, node] of Object.entries(isObject(nodes) ? nodes : {})) {
    const errors = isObject(node) && Array.isArray(node["errors"]) ? node["errors"] : [];
    const problems = errors.filter(isObject).map((error) => readError(error, t));
    if (problems.length > 0) found.set(shownId(id), problems);
  }
  const refused = refusedNode(answer);
  if (refused && !found.has(refused.id))
    found.set(refused.id, [{ message: refused.message, details: "", input: null }]);
  return found;
}

function readError(error: Record<string, unknown>, t: Text): NodeProblem {
  const extra = isObject(error["extra_info"]) ? error["extra_info"] : {};
  const input = typeof extra["input_name"] === "string" ? extra["input_name"] : null;
  const details = String(error["details"] ?? "");
  if (input !== null && error["type"] === "required_input_missing")
    return { message: t("running.problemMissing", { input }), details: "", input };
  if (input !== null && error["type"] === "value_not_in_list") {
    const value = String(extra["received_value"] ?? "");
    return { message: t("running.problemChoice", { input, value }), details, input };
  }
  return { message: String(error["message"] ?? ""), details: details === input ? "" : details, input };
}

/** A prompt that is refused as a whole names its node in the details: "Node ID '#3'". */
function refusedNode(answer: unknown): { id: string; message: string } | null {
  const error = isObject(answer) && isObject(answer["error"]) ? answer["error"] : {};
  const named = /^Node ID '#(.+)'/.exec(String(error["details"] ?? ""));
  return named?.[1] ? { id: shownId(named[1]), message: String(error["message"] ?? "") } : null;
}

/** Put problems on the nodes of a tab, in the place of all earlier ones. */
export function showProblems(studio: Studio, tab: string, problems: ProblemsByNode): void {
  const changes = new Changes(studio.runs.getState());
  for (const [id, node] of changes.nodesOf(tab))
    if (node.problems?.length) changes.changeNode(tab, id, { problems: [] });
  for (const [id, found] of problems) {
    changes.changeNode(tab, id, { problems: found });
    for (const around of instancesAround(id)) {
      if (problems.has(around)) continue;
      changes.changeNode(tab, around, { problems: [{ message: found[0]?.message ?? "", details: id, input: null }] });
    }
  }
  studio.runs.setState(changes.result());
}

/** Tell of a refused prompt: on its nodes, in a notice, and by bringing the first of them into view. */
export function tellRefusal(studio: Studio, tab: string, problem: ServerProblem): void {
  const problems = readNodeErrors(problem.body, studio.text);
  showProblems(studio, tab, problems);
  const [first] = problems.keys();
  if (first !== undefined) revealNode(studio, tab, first);
  const lines = [...problems.values()].flat().map((one) => [one.message, one.details].filter(Boolean).join(" "));
  const details = shortened([...(lines.length > 0 ? lines : detailsOf(problem)), ...warningsIn(problem.body)]);
  const text = sentenceOf(problem, problems.size, studio.text);
  const action =
    first === undefined
      ? undefined
      : { title: studio.text("running.showNode"), run: () => revealNode(studio, tab, first) };
  studio.ui.notify({ tone: "problem", text, details, ...(action ? { action } : {}) });
}

const TOO_LARGE = 413;

function detailsOf(problem: ServerProblem): string[] {
  const isTooLarge = problem.status === TOO_LARGE; // what the server advises then is for programs
  return [isTooLarge ? problem.message : problem.details].filter(Boolean);
}

/** What the conversion of a workflow had to leave out; often the reason why nothing can run. */
function warningsIn(answer: unknown): string[] {
  return isObject(answer) && Array.isArray(answer["warnings"]) ? answer["warnings"].map(String) : [];
}

function sentenceOf(problem: ServerProblem, nodes: number, t: Text): string {
  if (problem.status === TOO_LARGE) return t("running.tooLarge");
  if (nodes > 0) return nodes === 1 ? t("running.refusedNode") : t("running.refusedNodes", { count: nodes });
  if (problem.kind === "prompt_no_outputs") return t("running.noOutputs");
  return problem.message;
}

function shortened(lines: readonly string[]): string {
  const shown = [...new Set(lines)];
  return shown.length > 4 ? [...shown.slice(0, 4), "…"].join("\n") : shown.join("\n");
}
