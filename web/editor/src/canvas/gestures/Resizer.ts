/** A corner is dragged: the size of a node's body or of a group. */

import { boundGroup } from "../../document/commands/groups";
import { sizeNode } from "../../document/commands/nodes";
import type { Recipe } from "../../document/edit";
import type { Box } from "../../document/geometry";
import { titleHeight } from "../../document/geometry";
import type { Point } from "../../state/canvas";
import type { CanvasEngine } from "../engine";
import { GRID } from "../grid";
import { leastBody, type NodePlace } from "../layout/places";
import type { Gesture } from "./gesture";

export interface Resized {
  readonly element: HTMLElement;
  readonly box: Box;
  readonly least: readonly [number, number];
  /** The edit for a size of the whole box. */
  readonly edit: (width: number, height: number) => Recipe;
}

export class Resizer implements Gesture {
  readonly pansAtEdges = true;
  private readonly from: Point;
  private size: readonly [number, number];

  constructor(
    private readonly engine: CanvasEngine,
    at: Point,
    private readonly resized: Resized,
  ) {
    this.from = engine.toCanvas(at);
    this.size = [resized.box.width, resized.box.height];
  }

  begin(): void {
    this.resized.element.dataset["moving"] = "";
  }

  move(at: Point): void {
    const now = this.engine.toCanvas(at);
    const { box, least, element } = this.resized;
    const grid = this.engine.studio.settings.getState().snapToGrid ? GRID : 1;
    const fitted = (length: number, smallest: number): number => Math.max(smallest, Math.round(length / grid) * grid);
    this.size = [fitted(box.width + now.x - this.from.x, least[0]), fitted(box.height + now.y - this.from.y, least[1])];
    element.style.width = `${this.size[0]}px`;
    element.style.height = `${this.size[1]}px`;
  }

  end(at: Point): void {
    this.move(at);
    delete this.resized.element.dataset["moving"];
    this.engine.studio.documents.edit("edit.resize", this.resized.edit(...this.size));
  }

  cancel(): void {
    const { element, box } = this.resized;
    delete element.dataset["moving"];
    element.style.width = `${box.width}px`;
    element.style.height = `${box.height}px`;
  }
}

/** A node by its element. */
export function resizedNode(place: NodePlace, element: HTMLElement): Resized {
  const title = titleHeight(place.node);
  const [width, height] = leastBody(place);
  return {
    element,
    box: place.box,
    least: [width, height + title],
    edit: (wide, high) => sizeNode(place.node.id, [wide, high - title]),
  };
}

const LEAST_GROUP = [140, 80] as const;

/** A group by its element. */
export function resizedGroup(index: number, box: Box, element: HTMLElement): Resized {
  return {
    element,
    box,
    least: LEAST_GROUP,
    edit: (width, height) => boundGroup(index, { ...box, width, height }),
  };
}
