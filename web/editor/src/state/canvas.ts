/** What goes on at the canvas and is in no file: menus, the search, names being written, and the canvas itself. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Box } from "../document/geometry";
import type { NodeId, SlotType } from "../document/workflow";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** One end of a link that is looking for the other. */
export interface LooseEnd {
  readonly node: NodeId;
  readonly slot: number;
  /** It is an output: what it is looking for are inputs. */
  readonly isOutput: boolean;
  readonly type: SlotType;
  /** What comes out of it, where its type is anything: a search offers what fits to that. */
  readonly carries?: SlotType;
}

/** The search for a node to add. */
export interface OpenSearch {
  /** On the screen. */
  readonly at: Point;
  /** Where the node goes, in canvas units. */
  readonly place: Point;
  /** What the node is linked to; its types have to fit. */
  readonly ends: readonly LooseEnd[];
  /** The node goes into this link. */
  readonly into: number | null;
}

/** An input or output of the shown subgraph, by its place among its like. */
export interface BorderSlot {
  readonly side: "inputs" | "outputs";
  readonly slot: number;
}

/** What a context menu is about. */
export type MenuTarget =
  | { readonly kind: "canvas" }
  | { readonly kind: "node"; readonly key: string }
  | { readonly kind: "group"; readonly index: number }
  | { readonly kind: "reroute"; readonly id: number }
  | { readonly kind: "link"; readonly id: number }
  | ({ readonly kind: "slot" } & BorderSlot);

export interface OpenMenu {
  readonly at: Point;
  readonly place: Point;
  readonly target: MenuTarget;
  /** The node that gets the focus back; absent: the canvas does. */
  readonly owner?: string;
}

/** Whose title is being written. */
export type Renaming =
  | { readonly kind: "node"; readonly key: string }
  | { readonly kind: "group"; readonly index: number }
  | ({ readonly kind: "slot" } & BorderSlot)
  /** The shown one. */
  | { readonly kind: "subgraph" };

/** A list about a node: of its links, to choose one, or of its widgets, to say which its subgraph shows. */
export interface OpenList {
  readonly of: "links" | "widgets";
  readonly node: string;
}

/** What the shown canvas can do; only it knows where things are on the screen. */
export interface CanvasView {
  /** Show a box of the canvas; null: everything. */
  fit(box: Box | null): void;
  zoomBy(factor: number): void;
  zoomTo(zoom: number): void;
  /** The part that is seen, in canvas units. */
  seen(): Box;
  /** Where the pointer is or was last, in canvas units; the middle of the screen before it ever came. */
  pointer(): Point;
  toScreen(point: Point): Point;
  /** Move the view as little as is needed to show a box. */
  reveal(box: Box): void;
  /** Give the focus to a node; null: to the canvas. */
  focus(node: string | null): void;
}

export interface CanvasState {
  readonly view: CanvasView | null;
  readonly search: OpenSearch | null;
  readonly menu: OpenMenu | null;
  readonly renaming: Renaming | null;
  /** The node from which the keyboard makes a link. */
  readonly connecting: string | null;
  readonly list: OpenList | null;
  /** The node that has the focus, or shall have it once it is drawn. */
  readonly focused: string | null;
}

export type CanvasStore = StoreApi<CanvasState>;

export function createCanvas(): CanvasStore {
  return createStore<CanvasState>(() => ({
    view: null,
    search: null,
    menu: null,
    renaming: null,
    connecting: null,
    list: null,
    focused: null,
  }));
}
