/**
 * What the parts of the canvas share: where everything is, the view, and the elements. It is made with the canvas's
 * element and goes with it. Nothing in it causes React to draw; what changes from frame to frame is written to the
 * elements directly.
 */

import type { ReactFlowState } from "@xyflow/react";
import { flushSync } from "react-dom";
import type { StoreApi } from "zustand/vanilla";
import type { Box } from "../document/geometry";
import type { CanvasView, Point } from "../state/canvas";
import { activeTab, scopeOf } from "../state/documents";
import type { Studio } from "../state/studio";
import { extentOf, type Layout, type Line } from "./layout/layout";
import { Paint } from "./links/colours";
import { distanceTo, flattened, type LinkStyle } from "./links/curves";
import { fitted, MARGIN } from "./scene/fitting";
import { standingOut } from "./scene/marks";
import { type Block, SceneOverlay, type Stroke } from "./scene/SceneOverlay";
import { boxOf, type Hidden, ScenePainting } from "./scene/ScenePainting";
import { Sight } from "./scene/Sight";
import { isNear, seenIn, type View } from "./scene/view";

/** React Flow's store: the view and the nodes that it draws. */
export type FlowStore = Pick<StoreApi<ReactFlowState>, "getState" | "subscribe">;

export interface Elements {
  readonly root: HTMLElement;
  readonly probe: HTMLElement;
  readonly links: HTMLCanvasElement;
  readonly overlay: HTMLCanvasElement;
}

const NOTHING_HIDDEN: Hidden = { links: new Set(), nodes: new Set(), groups: new Set() };
export const LEAST_ZOOM = 0.05;
export const GREATEST_ZOOM = 4;
const LINK_REACH = 7; // pixels from which a link is hit

export class CanvasEngine implements CanvasView {
  readonly paint: Paint;
  /** What is an element. */
  readonly sight: Sight;
  private readonly painting: ScenePainting;
  private readonly overlay: SceneOverlay;
  private strokes: readonly Stroke[] = [];
  private blocks: readonly Block[] = [];
  private hidden = NOTHING_HIDDEN;
  private lastPointer: Point | null = null;
  layout: Layout | null = null;
  /** The link under the pointer. */
  private hovered: number | null = null;

  constructor(
    readonly studio: Studio,
    readonly elements: Elements,
    readonly flow: FlowStore,
  ) {
    this.paint = new Paint(elements.probe);
    this.painting = new ScenePainting(elements.links, this.paint);
    this.overlay = new SceneOverlay(elements.overlay, this.paint);
    this.sight = new Sight({
      view: () => this.view(),
      isHeld: () => elements.root.dataset["gesture"] !== undefined,
      drawn: flushSync,
    });
    this.sight.state.subscribe((now, before) => {
      if (now.isComplete !== before.isComplete) this.repaint();
    });
  }

  /** What is shown now; it is painted anew unless all that is on the canvas is as it was. */
  show(layout: Layout): void {
    const sameLinks = this.layout?.lines === layout.lines;
    const sameNodes = !this.paintsBlocks() || this.layout?.graph === layout.graph;
    this.layout = layout;
    this.sight.show(layout);
    this.elements.root.dataset["nodes"] = String(layout.graph.nodes.length);
    if (!sameLinks || !sameNodes) this.repaint();
    this.mark();
  }

  /** Paint everything anew: it, its style or the theme changed. */
  repaint(): void {
    if (!this.layout) return;
    const blocks = this.paintsBlocks();
    this.painting.show({ layout: this.layout, hidden: this.hidden, style: this.linkStyle(), blocks });
  }

  private linkStyle(): LinkStyle {
    return this.studio.settings.getState().linkStyle;
  }

  /** The theme changed: colours are read again. */
  recolour(): void {
    this.paint.forget();
    this.repaint();
    this.mark();
  }

  /** The view moved or changed its size. */
  viewMoved(): void {
    this.painting.follow(this.view());
    this.sight.follow();
    this.mark();
  }

  /** Whether nodes are elements; else they are painted. */
  isNear(): boolean {
    return isNear(this.view());
  }

  /** Whether nodes are painted: from afar, and until those in sight are elements. */
  private paintsBlocks(): boolean {
    return !this.sight.state.getState().isComplete;
  }

  view(): View {
    const { transform, width, height } = this.flow.getState();
    return { x: transform[0], y: transform[1], zoom: transform[2], width, height };
  }

  /** What is being moved is taken out of the picture, and drawn over it from frame to frame. */
  hide(hidden: Hidden = NOTHING_HIDDEN): void {
    if (hidden === this.hidden) return;
    this.hidden = hidden;
    this.repaint();
  }

  hideLinks(links: ReadonlySet<number>): void {
    if (links.size > 0) this.hide({ ...NOTHING_HIDDEN, links });
    else this.hide();
  }

  /** Draw these over the others until they change. */
  drawMoving(strokes: readonly Stroke[], blocks: readonly Block[] = []): void {
    this.strokes = strokes;
    this.blocks = blocks;
    this.mark();
  }

  hoverLink(id: number | null): void {
    if (id === this.hovered) return;
    this.hovered = id;
    this.elements.root.dataset["overLink"] = id === null ? "" : String(id);
    this.mark();
  }

  /** Selected links and the one under the pointer stand out; from afar selected and running nodes too. */
  mark(): void {
    if (!this.layout) return;
    const tab = activeTab(this.studio.documents.getState());
    const marks = standingOut(this.layout, tab, this.studio.runs.getState(), this.hovered, this.isNear());
    const links = marks.lines.filter((line) => !this.hidden.links.has(line.link.id));
    const strong = links.map((line) => ({ points: line.points, colour: this.colourOf(line), strong: true }));
    const outlines = this.blocks.length > 0 ? [] : marks.outlines;
    const strokes = [...this.strokes, ...strong];
    this.overlay.show({ strokes, blocks: this.blocks, outlines }, this.view(), this.linkStyle());
  }

  colourOf(line: Line): string {
    return this.paint.ofType(line.type);
  }

  /** The link at a place of the canvas, the nearest of those within reach. */
  linkAt(at: Point): Line | null {
    const linkStyle = this.linkStyle();
    let reach = LINK_REACH / this.view().zoom;
    let nearest: Line | null = null;
    for (const line of this.layout?.lines.values() ?? []) {
      if (!isWithin(at, boxOf(line), reach)) continue;
      const distance = distanceTo(at, flattened(line.points, linkStyle));
      if (distance < reach) [reach, nearest] = [distance, line];
    }
    return nearest;
  }

  /** From the screen to canvas units, and back. */
  toCanvas(at: Point): Point {
    const { x, y, zoom } = this.view();
    const corner = this.elements.root.getBoundingClientRect();
    return { x: (at.x - corner.x - x) / zoom, y: (at.y - corner.y - y) / zoom };
  }

  toScreen(at: Point): Point {
    const { x, y, zoom } = this.view();
    const corner = this.elements.root.getBoundingClientRect();
    return { x: at.x * zoom + x + corner.x, y: at.y * zoom + y + corner.y };
  }

  pointerMoved(at: Point): void {
    this.lastPointer = at;
  }

  pointer(): Point {
    if (this.lastPointer) return this.toCanvas(this.lastPointer);
    const seen = this.seen();
    return { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 };
  }

  seen(): Box {
    return seenIn(this.view());
  }

  fit(box: Box | null): void {
    const all = box ?? (this.layout ? extentOf(this.layout) : null);
    const { width, height } = this.view();
    if (!all || width === 0) return;
    const boxes = box ? [box] : [...(this.layout?.places.values() ?? [])].map((place) => place.box);
    this.goTo(fitted(all, { width, height }, LEAST_ZOOM, this.coveredCorner(), boxes));
  }

  /** The part of the screen that the minimap and the zoom's buttons cover. */
  private coveredCorner(): { readonly width: number; readonly height: number } | null {
    const { root } = this.elements;
    const cover = root.querySelector(".canvas-corner")?.getBoundingClientRect();
    if (!cover) return null;
    const { right, bottom } = root.getBoundingClientRect();
    return { width: right - cover.left, height: bottom - cover.top };
  }

  goTo(viewport: { readonly x: number; readonly y: number; readonly zoom: number }): void {
    void this.flow.getState().panZoom?.setViewport({ ...viewport });
  }

  zoomBy(factor: number): void {
    this.zoomTo(this.view().zoom * factor);
  }

  /** The middle of the screen stays where it is. */
  zoomTo(wanted: number): void {
    const { x, y, zoom, width, height } = this.view();
    this.zoomAt(wanted, { x: (width / 2 - x) / zoom, y: (height / 2 - y) / zoom });
  }

  /** A place of the canvas stays where it is on the screen. */
  zoomAt(wanted: number, place: Point): void {
    const { x, y, zoom } = this.view();
    const next = Math.min(GREATEST_ZOOM, Math.max(LEAST_ZOOM, wanted));
    this.goTo({ x: x + place.x * (zoom - next), y: y + place.y * (zoom - next), zoom: next });
  }

  panBy(x: number, y: number): void {
    const view = this.view();
    this.goTo({ x: view.x + x, y: view.y + y, zoom: view.zoom });
  }

  reveal(box: Box): void {
    const { x, y, zoom } = this.view();
    const seen = this.seen();
    const margin = MARGIN / zoom;
    const dx = shift(box.x - margin, box.width + 2 * margin, seen.x, seen.width);
    const dy = shift(box.y - margin, box.height + 2 * margin, seen.y, seen.height);
    if (dx !== 0 || dy !== 0) this.goTo({ x: x - dx * zoom, y: y - dy * zoom, zoom });
  }

  focus(node: string | null): void {
    if (node === null) return this.elements.root.focus({ preventScroll: true });
    this.studio.canvas.setState({ focused: node }); // gives it the focus once it is an element
    this.nodeElement(node)?.querySelector<HTMLElement>("[data-node]")?.focus({ preventScroll: true });
  }

  /** The element that React Flow made for a node; null while it is out of sight. */
  nodeElement(key: string): HTMLElement | null {
    return this.elements.root.querySelector(`.react-flow__node[data-id="${CSS.escape(key)}"]`);
  }

  /** Which graph of which tab is shown: views are kept by it. */
  shown(): { readonly tab: string; readonly scope: string } | null {
    const tab = activeTab(this.studio.documents.getState());
    return tab ? { tab: tab.id, scope: scopeOf(tab) ?? "" } : null;
  }
}

function isWithin(at: Point, box: Box, reach: number): boolean {
  return (
    at.x > box.x - reach &&
    at.x < box.x + box.width + reach &&
    at.y > box.y - reach &&
    at.y < box.y + box.height + reach
  );
}

/** How far a window has to move to hold a stretch; its beginning counts when it is too long. */
function shift(from: number, length: number, seenFrom: number, seenLength: number): number {
  if (from < seenFrom || length > seenLength) return from - seenFrom;
  return Math.max(0, from + length - seenFrom - seenLength);
}
