/** When files are missing: say which, and offer to run with what is there instead. */

import { ServerProblem } from "../api/server";
import type { Studio } from "../state/studio";
import { readNodeErrors, showProblems } from "./refusals";
import { revealNode } from "./reveal";

interface MissingFile {
  readonly node: string;
  readonly input: string;
  readonly value: string;
  readonly folder: string;
  readonly nearest: readonly string[];
  readonly remedy: string;
}

interface MissingType {
  readonly type: string;
  readonly nodes: readonly string[];
  readonly remedy: string;
}

interface Verdict {
  readonly missing_types: readonly MissingType[];
  readonly missing_files: readonly MissingFile[];
}

/** Tell of what is missing; false: nothing is, and the refusal has to be told some other way. */
export async function offerStandIns(
  studio: Studio,
  tab: string,
  body: Readonly<Record<string, unknown>>,
  refused: ServerProblem,
  accept: () => void,
): Promise<boolean> {
  const verdict = await check(studio, body);
  if (!verdict) return false;
  const { missing_types: types, missing_files: files } = verdict;
  const nodes = [...types.flatMap((one) => one.nodes), ...files.map((one) => one.node)];
  const [first] = nodes;
  if (first === undefined) return false;
  const problems = new Map(readNodeErrors(refused.body, studio.text));
  for (const one of types)
    for (const node of one.nodes)
      problems.set(node, [
        { message: studio.text("running.unknownType", { type: one.type }), details: one.remedy, input: null },
      ]);
  for (const one of files)
    problems.set(one.node, [
      { message: studio.text("running.missingFile", { value: one.value }), details: one.remedy, input: one.input },
    ]);
  showProblems(studio, tab, problems);
  revealNode(studio, tab, first);
  const details = [...types, ...files].map((one) => one.remedy).filter(Boolean);
  const title = types.length > 0 ? "running.missingTypes" : "running.missingFiles";
  const names = types.length > 0 ? types.map((one) => one.type) : files.map((one) => one.value);
  const canStandIn = types.length === 0 && files.some((one) => one.nearest.length > 0);
  studio.ui.notify({
    tone: "problem",
    text: studio.text(title, { names: [...new Set(names)].slice(0, 4).join(", ") }),
    details: [...new Set(details)].slice(0, 4).join("\n"),
    action: canStandIn
      ? { title: studio.text("running.runWithStandIns"), run: accept }
      : { title: studio.text("running.showNode"), run: () => revealNode(studio, tab, first) },
  });
  return true;
}

async function check(studio: Studio, body: Readonly<Record<string, unknown>>): Promise<Verdict | null> {
  try {
    const { prompt_id: _, ...rest } = body;
    return await studio.server.json<Verdict>("/api/workflow/check", { body: rest });
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    return null; // The refusal itself says enough.
  }
}
