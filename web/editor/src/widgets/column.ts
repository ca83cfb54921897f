/** What the rows of one node have in common, made once for each version of the node. */

import { createContext, useContext, useMemo } from "react";
import { setWidgetValue } from "../document/commands/nodes";
import type { Json } from "../document/json";
import { CONTROL_NAME, type SeedControl, type Widget } from "../document/widgets";
import { keyOf, type NodeId, type Scope, type WorkflowNode } from "../document/workflow";
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
export function useNodeColumn(node: WorkflowNode): Column {
  const studio = useStudio();
  const t = useText();
  const tab = useTab((one) => one.id) ?? "";
  const runKey = useTab((one) => runPrefix(one) + keyOf(node.id)) ?? "";
  const scope = useTab(scopeOf) ?? null;
  const problems = useRuns((state) => nodeRun(state, tab, runKey)?.problems) ?? NO_PROBLEMS;
  return useMemo(
    () => ({ studio, t, node, tab, scope, runKey, problems, ...edits(studio, tab, scope, node.id) }),
    [studio, t, node, tab, scope, runKey, problems],
  );
}

/** Edits name their tab and graph: some come later, when a file has been sent, and another may be shown by then. */
function edits(studio: Studio, tab: Tab["id"], scope: Scope, node: NodeId): Pick<Column, "set" | "setControl" | "seal"> {
  const { documents } = studio;
  return {
    set(widget, value, merging = false) {
      const home = widget.home ?? { scope, node, name: widget.name, index: widget.index };
      const recipe = setWidgetValue(home.node, home.name, home.index, value);
      const key = `widget ${keyOf(home.node)} ${home.name}`;
      documents.editIn(tab, home.scope, "edit.widget", recipe, merging ? key : null);
    },
    setControl(widget, control) {
      const recipe = setWidgetValue(node, CONTROL_NAME, widget.index + 1, control);
      documents.editIn(tab, scope, "edit.seed_control", recipe);
    },
    seal: () => documents.seal(),
  };
}
