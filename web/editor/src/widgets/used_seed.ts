/** What a widget's value was when the tab was last run. */

import type { Json } from "../document/json";
import { indexOf } from "../document/links";
import { type Catalogue, type NodeSchema } from "../document/schema";
import { widgetsOf } from "../document/widgets";
import { graphOf, keyOf } from "../document/workflow";
import type { Run, RunsState } from "../state/runs";
import type { Column } from "./column";

const UNUSED: ReadonlySet<Run["status"]> = new Set(["sending", "queued", "cancelled"]);

/** The value of a node's widget in the newest run that has begun; undefined when there is none. */
export function usedValue(state: RunsState, column: Column, name: string, types: Catalogue): Json | undefined {
  const run = lastRun(state.runs, column.tab);
  const graph = run && graphOf(run.workflow, column.scope);
  const node = graph && indexOf(graph).nodes.get(keyOf(column.node.id));
  if (!node || node.type !== column.node.type) return undefined;
  const schema: NodeSchema | undefined = types.get(node.type);
  return widgetsOf(node, schema).find((widget) => widget.name === name)?.value;
}

function lastRun(runs: RunsState["runs"], tab: string): Run | undefined {
  const known = LAST.get(runs) ?? new Map<string, Run>();
  if (!LAST.has(runs)) {
    for (const run of runs.values()) if (!UNUSED.has(run.status)) known.set(run.tab, run);
    LAST.set(runs, known);
  }
  return known.get(tab);
}

/** Derived data of immutable objects: it can be made again at any time and goes with them. */
const LAST = new WeakMap<RunsState["runs"], Map<string, Run>>();
