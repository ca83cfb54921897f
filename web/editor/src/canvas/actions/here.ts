/** What actions of the canvas work on: the shown graph and what is selected in it. */

import type { Around } from "../../document/node_schema";
import type { Graph, NodeId, WorkflowNode } from "../../document/workflow";
import { keyOf } from "../../document/workflow";
import { activeTab, type Selection, shownGraph, type Tab, workflowOf } from "../../state/documents";
import type { Studio } from "../../state/studio";
import { type Layout, layoutOf } from "../layout/layout";

export interface Here {
  readonly tab: Tab;
  readonly graph: Graph;
  readonly around: Around;
  readonly layout: Layout;
  readonly selection: Selection;
  /** The selected nodes, and their ids. */
  readonly nodes: readonly WorkflowNode[];
  readonly ids: readonly NodeId[];
}

/** Null while no workflow is shown. */
export function here(studio: Studio): Here | null {
  const tab = activeTab(studio.documents.getState());
  if (!tab) return null;
  const graph = shownGraph(tab);
  const around = { workflow: workflowOf(tab), graph, catalogue: studio.catalogue.getState().types };
  const { selection } = tab;
  const nodes = selection.nodes.size === 0 ? [] : graph.nodes.filter((node) => selection.nodes.has(keyOf(node.id)));
  return { tab, graph, around, layout: layoutOf(around), selection, nodes, ids: nodes.map((node) => node.id) };
}

/** A workflow is shown. */
export function hasGraph(studio: Studio): boolean {
  return activeTab(studio.documents.getState()) !== undefined;
}

/** At least so many nodes are selected. */
export function hasNodes(least = 1): (studio: Studio) => boolean {
  return (studio) => (activeTab(studio.documents.getState())?.selection.nodes.size ?? 0) >= least;
}

export function hasGroup(studio: Studio): boolean {
  return (activeTab(studio.documents.getState())?.selection.groups.size ?? 0) > 0;
}

export function hasLink(studio: Studio): boolean {
  return activeTab(studio.documents.getState())?.selection.links.size === 1;
}

/** Anything is selected. */
export function hasAny(studio: Studio): boolean {
  const selection = activeTab(studio.documents.getState())?.selection;
  if (!selection) return false;
  return selection.nodes.size + selection.groups.size + selection.links.size + selection.reroutes.size > 0;
}

/** Do something with what is here; nothing while no workflow is shown. */
export function withHere(act: (studio: Studio, here: Here) => void): (studio: Studio) => void {
  return (studio) => {
    const now = here(studio);
    if (now) act(studio, now);
  };
}
