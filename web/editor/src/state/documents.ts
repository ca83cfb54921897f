/** The open workflows: one tab each, with its history, what is selected, and which graph of it is shown. */

import { createStore, type StoreApi } from "zustand/vanilla";
import { edited, type Recipe } from "../document/edit";
import { freshId } from "../document/fresh_id";
import { advance, begin, type History, redo, seal, undo } from "../document/history";
import type { Graph, NodeId, Scope, Workflow } from "../document/workflow";
import { graphOf } from "../document/workflow";

/** A step into a subgraph. */
export interface Step {
  readonly instance: NodeId;
  readonly subgraph: string;
}

/** Keys of what is selected in the shown graph. */
export interface Selection {
  readonly nodes: ReadonlySet<string>;
  readonly groups: ReadonlySet<number>; // places in `groups`
  readonly links: ReadonlySet<number>;
  readonly reroutes: ReadonlySet<number>;
}

export const NOTHING: Selection = { nodes: new Set(), groups: new Set(), links: new Set(), reroutes: new Set() };

export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Tab {
  readonly id: string;
  readonly name: string;
  /** Where it is kept on the server, below `workflows/`; null before it was saved. */
  readonly path: string | null;
  /** The ETag of that file when it was last read or written. */
  readonly revision: string | null;
  readonly history: History<Workflow>;
  /** The version that lies on the server. */
  readonly saved: Workflow | null;
  /** The way from the top level to the shown graph. */
  readonly trail: readonly Step[];
  readonly selection: Selection;
  /** By the scope shown ("" for the top level); absent: fit the view. */
  readonly viewports: ReadonlyMap<string, Viewport>;
}

export interface Opening {
  readonly name: string;
  readonly path?: string | null;
  readonly revision?: string | null;
  /** Nothing has to be saved: it is on the server as it is. */
  readonly saved?: boolean;
  readonly id?: string;
}

export interface DocumentsState {
  readonly tabs: readonly Tab[];
  readonly active: string | null;
}

export interface Documents extends StoreApi<DocumentsState> {
  open(workflow: Workflow, opening: Opening): string;
  close(id: string): void;
  activate(id: string): void;
  /** Change fields of a tab. */
  update(id: string, change: Partial<Omit<Tab, "id">>): void;
  /** Change the shown graph of the active tab; `label` is a message key, `mergeKey` as in `advance`. */
  edit(label: string, recipe: Recipe, mergeKey?: string | null): void;
  /** The same for any tab and graph. */
  editIn(tab: string, scope: Scope, label: string, recipe: Recipe, mergeKey?: string | null): void;
  /** Put a whole other workflow in the place of a tab's; undo brings the former one back. */
  replace(tab: string, label: string, workflow: Workflow): void;
  /** Let the next edit be a version of its own. */
  seal(): void;
  undo(): void;
  redo(): void;
  select(change: Partial<Selection>): void;
  /** Show the inside of a subgraph's instance; `leave` goes up until `depth` steps are left. */
  enter(step: Step): void;
  leave(depth: number): void;
}

export function createDocuments(): Documents {
  const store = createStore<DocumentsState>(() => ({ tabs: [], active: null }));
  const update = (id: string, change: (tab: Tab) => Tab): void =>
    store.setState((state) => ({ tabs: state.tabs.map((tab) => (tab.id === id ? change(tab) : tab)) }));
  const active = (change: (tab: Tab) => Tab): void => {
    const id = store.getState().active;
    if (id !== null) update(id, change);
  };
  const editIn: Documents["editIn"] = (id, scope, label, recipe, mergeKey = null) =>
    update(id, (tab) => {
      const next = edited(tab.history.present.value, scope, recipe);
      return { ...tab, history: advance(tab.history, next, label, mergeKey) };
    });
  return {
    ...store,
    open(workflow, opening) {
      const tab = freshTab(workflow, opening);
      store.setState((state) => ({ tabs: [...state.tabs, tab], active: tab.id }));
      return tab.id;
    },
    close: (id) => store.setState((state) => without(state, id)),
    activate: (id) => store.setState({ active: id }),
    update: (id, change) => update(id, (tab) => ({ ...tab, ...change })),
    edit(label, recipe, mergeKey = null) {
      const tab = activeTab(store.getState());
      if (tab) editIn(tab.id, scopeOf(tab), label, recipe, mergeKey);
    },
    editIn,
    replace: (id, label, workflow) =>
      update(id, (tab) => still({ ...tab, history: advance(tab.history, workflow, label) })),
    seal: () => active((tab) => ({ ...tab, history: seal(tab.history) })),
    undo: () => active((tab) => still({ ...tab, history: undo(tab.history) })),
    redo: () => active((tab) => still({ ...tab, history: redo(tab.history) })),
    select: (change) => active((tab) => ({ ...tab, selection: { ...tab.selection, ...change } })),
    enter: (step) => active((tab) => ({ ...tab, trail: [...tab.trail, step], selection: NOTHING })),
    leave: (depth) => active((tab) => ({ ...tab, trail: tab.trail.slice(0, depth), selection: NOTHING })),
  };
}

function freshTab(workflow: Workflow, opening: Opening): Tab {
  return {
    id: opening.id ?? freshId(),
    name: opening.name,
    path: opening.path ?? null,
    revision: opening.revision ?? null,
    history: begin(workflow),
    saved: opening.saved ? workflow : null,
    trail: [],
    selection: NOTHING,
    viewports: new Map(),
  };
}

function without(state: DocumentsState, id: string): DocumentsState {
  const place = state.tabs.findIndex((tab) => tab.id === id);
  const tabs = state.tabs.filter((tab) => tab.id !== id);
  const neighbour = tabs[Math.min(place, tabs.length - 1)];
  return { tabs, active: state.active === id ? (neighbour?.id ?? null) : state.active };
}

/** After undoing, subgraphs that no longer exist cannot be shown. */
function still(tab: Tab): Tab {
  const workflow = tab.history.present.value;
  const lost = tab.trail.findIndex((step) => graphOf(workflow, step.subgraph) === undefined);
  return lost < 0 ? tab : { ...tab, trail: tab.trail.slice(0, lost), selection: NOTHING };
}

export function activeTab(state: DocumentsState): Tab | undefined {
  return state.tabs.find((tab) => tab.id === state.active);
}

/** Which graph of a tab's workflow is shown. */
export function scopeOf(tab: Tab): Scope {
  return tab.trail.at(-1)?.subgraph ?? null;
}

export function workflowOf(tab: Tab): Workflow {
  return tab.history.present.value;
}

export function shownGraph(tab: Tab): Graph {
  const workflow = workflowOf(tab);
  return graphOf(workflow, scopeOf(tab)) ?? workflow;
}

/** What the ids of the shown graph's nodes begin with on the server: "5:" within instance 5. */
export function runPrefix(tab: Tab): string {
  return tab.trail.map((step) => `${step.instance}:`).join("");
}

/** Whether there is something that the server does not have. */
export function isChanged(tab: Tab): boolean {
  return tab.saved !== workflowOf(tab);
}
