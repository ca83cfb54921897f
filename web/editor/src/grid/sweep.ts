/** Running a grid: a job for each cell, and what the server tells of them. */

import { cancelJobs, fetchJob } from "../api/jobs";
import { ServerProblem } from "../api/server";
import { edited } from "../document/edit";
import { freshId } from "../document/fresh_id";
import type { Json } from "../document/json";
import type { Workflow } from "../document/workflow";
import { picturesOf } from "../running/job_facts";
import { type Tab, workflowOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { type Axes, type Axis, saveAxes, setInput } from "../document/axes";
import type { Cell } from "../state/grids";

export const MOST_CELLS = 400;

/**
 * Queue a job for every cell of a grid. Only the first is awaited before the rest is sent: what is wrong with one is
 * wrong with all.
 *
 * Throws a ServerProblem when the server refuses the first.
 */
export async function beginSweep(studio: Studio, tab: Tab, axes: Axes): Promise<void> {
  studio.documents.editIn(tab.id, null, "grid.edit", saveAxes(axes));
  const cells = plannedCells(studio, workflowOf(tab), axes);
  const [first, ...rest] = cells;
  if (!first) return;
  await send(studio, first);
  studio.grids.begin(tab.id, { axes, cells });
  for (const cell of rest) {
    try {
      await send(studio, cell);
    } catch (error) {
      if (!(error instanceof ServerProblem)) throw error;
      studio.grids.change(cell.prompt, { status: "failed", problem: error.message });
    }
  }
}

/** The cells of a grid, row by row. */
export function plannedCells(studio: Studio, workflow: Workflow, axes: Axes): Cell[] {
  const rows: readonly (Json | null)[] = axes.y ? axes.y.values : [null];
  return rows.flatMap((y) =>
    axes.x.values.map((x) => {
      const across = withValue(studio, workflow, axes.x, x);
      const both = axes.y && y !== null ? withValue(studio, across, axes.y, y) : across;
      return { x, y, prompt: freshId(), workflow: both, status: "waiting" as const, file: null, problem: null };
    }),
  );
}

function withValue(studio: Studio, workflow: Workflow, axis: Axis, value: Json): Workflow {
  const set = setInput(workflow, studio.catalogue.getState().types, axis, value);
  return set ? edited(workflow, set.scope, set.recipe) : workflow;
}

async function send(studio: Studio, { prompt, workflow }: Cell): Promise<void> {
  const extra = { extra_pnginfo: { workflow } };
  const body = { prompt: workflow, prompt_id: prompt, client_id: studio.socket.clientId, extra_data: extra };
  await studio.server.json("/api/prompt", { body, headers: { "Idempotency-Key": prompt } });
}

/** Stop what still waits or runs of a tab's grid. */
export async function stopSweep(studio: Studio, tab: string): Promise<void> {
  const cells = studio.grids.getState().grids.get(tab)?.cells ?? [];
  await cancelJobs(
    studio.server,
    cells.filter(isOpen).map((cell) => cell.prompt),
  );
}

function isOpen(cell: Cell): boolean {
  return cell.status === "waiting" || cell.status === "running";
}

/** Follow the jobs of grids; after a lost connection they are asked for. The answer ends it. */
export function followSweeps(studio: Studio): () => void {
  const open = (): readonly Cell[] =>
    [...studio.grids.getState().grids.values()].flatMap((grid) => grid.cells.filter(isOpen));
  return studio.socket.listen({
    message({ type, data }) {
      const prompt = String(data["prompt_id"] ?? "");
      if (!prompt || !open().some((cell) => cell.prompt === prompt)) return;
      if (type === "execution_start") studio.grids.change(prompt, { status: "running" });
      if (ENDINGS.has(type)) void settle(studio, prompt);
    },
    state(state) {
      if (state === "open") for (const cell of open()) void settle(studio, cell.prompt);
    },
  });
}

const ENDINGS: ReadonlySet<string> = new Set(["execution_success", "execution_error", "execution_interrupted"]);

/** Look at the job of a cell and keep what became of it. */
async function settle(studio: Studio, prompt: string): Promise<void> {
  try {
    const job = await fetchJob(studio.server, prompt);
    if (job.status === "pending") return;
    if (job.status === "in_progress") studio.grids.change(prompt, { status: "running" });
    else if (job.status === "completed")
      studio.grids.change(prompt, { status: "done", file: picturesOf(job).at(-1) ?? null });
    else if (job.status === "cancelled") studio.grids.change(prompt, { status: "cancelled" });
    else studio.grids.change(prompt, { status: "failed", problem: job.execution_error?.exception_message ?? "" });
  } catch (error) {
    // A job that is not there: its prompt never arrived, or its history was deleted.
    if (!(error instanceof ServerProblem)) throw error;
    if (error.status === 404) studio.grids.change(prompt, { status: "failed", problem: error.message });
  }
}
