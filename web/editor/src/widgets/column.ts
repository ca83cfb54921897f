/** What the rows of one node have in common, made once for each version of the node. */

import { createContext, useContext, useMemo } from "react";
import { setControl, setWidget } from "../document/commands/widgets";
import type { Json } from "../document/json";
import type { NodeSchema } from "../document/schema";
import type { SeedControl, Widget } from "../document/widgets";
import { keyOf, type Scope, type WorkflowNode } from "../document/workflow";
import type { Text } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import { runPrefix, scopeOf, type Tab } from "../state/documents";
import { type NodeProblem, nodeRun } from "../state/runs";
import { type Studio, useRuns, useStudio, useTab } from "../state/studio";

export interface Column {
  readonly studio: Studio;
  readonly t: Text;
  readonly node: WorkflowNode;
  readonly tab: string;
  /** The graph that the node is in. */
  readonly scope: Scope;
  /** The node's id as the server writes it. */
  readonly runKey: string;
  readonly problems: readonly NodeProblem[];
  /** Change a value; with `merging`, changes that follow each other are one step of undoing until `seal`. */
  set(widget: Widget, value: Json, merging?: boolean): void;
  /** Change what becomes of a seed after queueing. */
  setControl(widget: Widget, control: SeedControl): void;
  seal(): void;
}

/** What a control is drawn from. `y` is from the top of the column. */
export interface RowProps {
  readonly widget: Widget;
  readonly y: number;
  readonly height: number;
}

export const ColumnContext = createContext<Column | null>(null);

/** The column around a row. */
export function useColumn(): Column {
  const column = useContext(ColumnContext);
  if (!column) throw new Error("There is no column of widgets around this row.");
  return column;
}

const NO_PROBLEMS: readonly NodeProblem[] = [];

/** The column of a node in the shown graph: the only subscriptions that its rows have, unless they are linked. */
export function useNodeColumn(node: WorkflowNode, schema: NodeSchema | undefined): Column {
  const studio = useStudio();
  const t = useText();
  const tab = useTab((one) => one.id) ?? "";
  const runKey = useTab((one) => runPrefix(one) + keyOf(node.id)) ?? "";
  const scope = useTab(scopeOf) ?? null;
  const problems = useRuns((state) => nodeRun(state, tab, runKey)?.problems) ?? NO_PROBLEMS;
  return useMemo(
    () => ({ studio, t, node, tab, scope, runKey, problems, ...edits(studio, tab, scope, node, schema) }),
    [studio, t, node, schema, tab, scope, runKey, problems],
  );
}

/** Edits name their tab and graph: some come later, when a file has been sent, and another may be shown by then. */
function edits(
  { documents }: Studio,
  tab: Tab["id"],
  scope: Scope,
  node: WorkflowNode,
  schema: NodeSchema | undefined,
): Pick<Column, "set" | "setControl" | "seal"> {
  return {
    set(widget, value, merging = false) {
      const key = merging ? `widget ${keyOf(node.id)} ${widget.name}` : null;
      documents.editIn(tab, scope, "edit.widget", setWidget(node.id, widget, value, schema), key);
    },
    setControl(widget, control) {
      documents.editIn(tab, scope, "edit.seed_control", setControl(node.id, widget, control, schema));
    },
    seal: () => documents.seal(),
  };
}
