/** A link is pulled from a socket: it snaps to sockets that fit, and is made, moved or dropped where it is let go. */

import { connect, removeLinks } from "../../document/commands/links";
import { inTurn, type Recipe } from "../../document/edit";
import { keyOf } from "../../document/workflow";
import type { LooseEnd, Point } from "../../state/canvas";
import type { CanvasEngine } from "../engine";
import { typeColour } from "../links/colours";
import { draw } from "../links/curves";
import type { Pulled } from "../links/loose_ends";
import { fittingOn, fittingSockets, nearest, nodeAt, type Socket } from "../links/sockets";
import { SvgPen } from "../links/SvgPen";
import type { Gesture } from "./gesture";

const SNAP = 24; // pixels from which a socket catches the end

export class Wire implements Gesture {
  readonly pansAtEdges = true;
  private sockets: readonly Socket[] = [];
  private caught: Socket | null = null;
  private readonly drawing = new SvgPen();

  constructor(
    private readonly engine: CanvasEngine,
    private readonly pulled: Pulled,
  ) {}

  begin(): void {
    const { layout, elements } = this.engine;
    if (!layout) return;
    this.sockets = fittingSockets(layout, this.pulled.ends);
    this.engine.hideLinks(new Set(this.pulled.taken.map((link) => link.id)));
    elements.root.append(this.drawing.element);
    this.markSockets();
  }

  move(at: Point): void {
    const place = this.engine.toCanvas(at);
    this.caught = nearest(this.sockets, place, SNAP / this.engine.view().zoom);
    this.markSockets();
    const style = this.engine.studio.settings.getState().linkStyle;
    const { x, y, zoom } = this.engine.view();
    const onScreen = (point: Point): Point => ({ x: point.x * zoom + x, y: point.y * zoom + y });
    this.drawing.clear();
    for (const end of this.pulled.ends) {
      const from = onScreen(this.placeOf(end) ?? place);
      const to = onScreen(this.caught?.at ?? place);
      draw(this.drawing, end.isOutput ? [from, to] : [to, from], style);
    }
    this.drawing.show(
      typeColour(this.pulled.ends[0]?.carries ?? this.pulled.ends[0]?.type ?? "*"),
      Math.max(2, 2.4 * zoom),
    );
  }

  end(at: Point): void {
    this.move(at);
    const socket = this.caught ?? this.socketOfNodeAt(this.engine.toCanvas(at));
    if (socket) this.put(socket);
    else if (!this.isOverNode(at)) this.drop(at);
    this.finish();
  }

  cancel(): void {
    this.finish();
  }

  private put(socket: Socket): void {
    const { documents } = this.engine.studio;
    const [end] = this.pulled.ends;
    const [taken] = this.pulled.taken;
    const isBack = end?.isOutput && taken && keyOf(taken.to) === socket.key && taken.toSlot === socket.slot;
    if (!isBack) documents.edit("edit.link", this.linked(socket));
  }

  private linked(socket: Socket): Recipe {
    const { ends, taken } = this.pulled;
    const gone = new Set(taken.map((link) => link.id));
    const { types } = this.engine.studio.catalogue.getState();
    const links = ends.map((end) => (end.isOutput ? connect(end, socket, types) : connect(socket, end, types)));
    return inTurn(
      removeLinks((link) => gone.has(link.id)),
      ...links,
    );
  }

  /** Over nothing: a link that was taken off goes; a new one asks what it shall go to. */
  private drop(at: Point): void {
    const { documents, canvas } = this.engine.studio;
    if (this.pulled.taken.length > 0) {
      const gone = new Set(this.pulled.taken.map((link) => link.id));
      documents.edit(
        "edit.unlink",
        removeLinks((link) => gone.has(link.id)),
      );
      return;
    }
    canvas.setState({ search: { at, place: this.engine.toCanvas(at), ends: this.pulled.ends, into: null } });
  }

  /** A node anywhere on its body: its first fitting socket, rather one without a link. */
  private socketOfNodeAt(place: Point): Socket | null {
    const { layout } = this.engine;
    const node = layout && nodeAt(layout, place);
    if (!node) return null;
    const fitting = fittingOn(node, this.pulled.ends);
    return fitting.find((socket) => !socket.isLinked) ?? fitting[0] ?? null;
  }

  private isOverNode(at: Point): boolean {
    const { layout } = this.engine;
    return layout !== null && nodeAt(layout, this.engine.toCanvas(at)) !== null;
  }

  private placeOf(end: LooseEnd): Point | undefined {
    const place = this.engine.layout?.places.get(keyOf(end.node));
    const points = end.isOutput ? place?.outputs : place?.inputs;
    return points?.[end.slot] ?? place?.further ?? undefined;
  }

  /** Sockets that do not fit step back; React does not know of it. */
  private markSockets(): void {
    const { root } = this.engine.elements;
    root.dataset["wiring"] = "";
    const fitting = new Set(this.sockets.map(nameOf));
    for (const element of root.querySelectorAll<HTMLElement>(".react-flow__node .socket[data-socket]")) {
      const name = nameOfElement(element);
      element.toggleAttribute("data-fits", fitting.has(name));
      element.toggleAttribute("data-caught", this.caught !== null && nameOf(this.caught) === name);
    }
  }

  private finish(): void {
    const { root } = this.engine.elements;
    delete root.dataset["wiring"];
    for (const element of root.querySelectorAll("[data-fits], [data-caught]")) {
      element.removeAttribute("data-fits");
      element.removeAttribute("data-caught");
    }
    this.drawing.element.remove();
    this.engine.hideLinks(new Set());
  }
}

function nameOf(socket: Socket): string {
  return `${socket.key} ${socket.isOutput ? "out" : "in"} ${socket.slot}`;
}

function nameOfElement(element: HTMLElement): string {
  const key = element.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
  return `${key} ${element.dataset["socket"]} ${element.dataset["slot"]}`;
}
