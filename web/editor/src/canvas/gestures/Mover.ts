/**
 * Nodes, groups and reroute points follow the pointer. While they do, only their elements and their links are touched;
 * the document is edited once, at the end.
 */

import { GRID } from "../grid";
import type { Point } from "../../state/canvas";
import type { CanvasEngine } from "../engine";
import type { Line } from "../layout/layout";
import type { NodePlace } from "../layout/places";
import type { Gesture, Keys } from "./gesture";
import { moveAll, type Moved } from "./move_recipe";

interface MovedElement {
  readonly element: HTMLElement;
  /** Where React put it. */
  readonly transform: string;
  readonly at: Point;
}

interface MovedLine {
  readonly line: Line;
  readonly colour: string;
  /** Which of its points move. */
  readonly moves: readonly boolean[];
}

export interface MoverOptions {
  readonly engine: CanvasEngine;
  /** On the screen. */
  readonly at: Point;
  readonly moved: Moved;
  /** The corner that keeps to the grid. */
  readonly corner: Point;
  readonly click: (keys: Keys) => void;
  /** Called when it begins; may put other things in the place of what moves: copies of it. */
  readonly begins?: () => Moved | null;
  /** Edits with the same key become one. */
  readonly mergeKey?: string;
}

const NONE: ReadonlySet<string> = new Set();
const NO_GROUPS: ReadonlySet<number> = new Set();

export class Mover implements Gesture {
  readonly pansAtEdges = true;
  private readonly from: Point;
  private moved: Moved;
  private elements: readonly MovedElement[] = [];
  private lines: readonly MovedLine[] = [];
  /** From afar nodes are no elements. */
  private blocks: readonly NodePlace[] = [];
  private offset: Point = { x: 0, y: 0 };

  constructor(private readonly options: MoverOptions) {
    this.from = options.engine.toCanvas(options.at);
    this.moved = options.moved;
  }

  begin(): void {
    this.moved = this.options.begins?.() ?? this.moved;
    const { engine } = this.options;
    this.elements = elementsOf(engine, this.moved);
    this.lines = linesOf(engine, this.moved);
    const { nodes, groups } = this.moved;
    const isNear = engine.isNear();
    this.blocks = isNear ? [] : [...nodes].flatMap((key) => engine.layout?.places.get(key) ?? []);
    const links = new Set(this.lines.map(({ line }) => line.link.id));
    engine.hide({ links, nodes: isNear ? NONE : nodes, groups: isNear ? NO_GROUPS : groups });
    for (const { element } of this.elements) element.dataset["moving"] = "";
  }

  move(at: Point): void {
    this.offset = this.offsetAt(at);
    const { x, y } = this.offset;
    for (const { element, at: corner } of this.elements) {
      element.style.transform = `translate(${corner.x + x}px, ${corner.y + y}px)`;
    }
    const shifted = this.lines.map(({ line, colour, moves }) => ({
      points: line.points.map((point, place) => (moves[place] ? { x: point.x + x, y: point.y + y } : point)),
      colour,
      strong: false,
    }));
    const blocks = this.blocks.map((place) => ({
      place,
      box: { ...place.box, x: place.box.x + x, y: place.box.y + y },
    }));
    this.options.engine.drawMoving(shifted, blocks);
  }

  end(at: Point): void {
    this.move(at);
    const { x, y } = this.offset;
    if (x === 0 && y === 0) return this.cancel();
    this.options.engine.studio.documents.edit("edit.move", moveAll(this.moved, x, y), this.options.mergeKey ?? null);
    this.finish();
  }

  click(_at: Point, keys: Keys): void {
    this.options.click(keys);
  }

  cancel(): void {
    for (const { element, transform } of this.elements) element.style.transform = transform;
    this.finish();
  }

  private finish(): void {
    for (const { element } of this.elements) delete element.dataset["moving"];
    this.options.engine.drawMoving([]);
    this.options.engine.hide();
  }

  private offsetAt(at: Point): Point {
    const { engine, corner } = this.options;
    const now = engine.toCanvas(at);
    const [x, y] = [now.x - this.from.x, now.y - this.from.y];
    if (!engine.studio.settings.getState().snapToGrid) return { x: Math.round(x), y: Math.round(y) };
    return { x: snapped(corner.x + x) - corner.x, y: snapped(corner.y + y) - corner.y };
  }
}

function snapped(value: number): number {
  return Math.round(value / GRID) * GRID;
}

function elementsOf(engine: CanvasEngine, moved: Moved): MovedElement[] {
  const found: MovedElement[] = [];
  const add = (element: HTMLElement | null, at: Point | undefined): void => {
    if (element && at) found.push({ element, at, transform: element.style.transform });
  };
  const { layout } = engine;
  for (const key of moved.nodes) add(engine.nodeElement(key), layout?.places.get(key)?.box);
  for (const id of moved.bends) add(engine.elements.root.querySelector(`[data-bend="${id}"]`), layout?.bends.get(id));
  for (const index of moved.groups) {
    const [x = 0, y = 0] = layout?.graph.groups?.[index]?.bounding ?? [];
    add(engine.elements.root.querySelector(`[data-group="${index}"]`), { x, y });
  }
  return found;
}

/** Links of which at least one point moves, but those that move as a whole are drawn the same way: it is cheap. */
function linesOf(engine: CanvasEngine, moved: Moved): MovedLine[] {
  const found: MovedLine[] = [];
  for (const line of engine.layout?.lines.values() ?? []) {
    const moves = [
      moved.nodes.has(String(line.link.from)),
      ...line.bends.map((bend) => moved.bends.has(bend)),
      moved.nodes.has(String(line.link.to)),
    ];
    if (moves.includes(true)) found.push({ line, moves, colour: engine.colourOf(line) });
  }
  return found;
}
