/** The picture and its mask on the screen: the mask's visible part is drawn into a canvas as large as the stage. */

import { createStore, type StoreApi } from "zustand/vanilla";
import { common, type Point, type Rect, union } from "./pixels/bitmap";
import { greyShades, overlayShades, type Shades, shade } from "./pixels/shading";
import { fit, panned, type Size, toScreen, type View, zoomed } from "./pixels/view";
import type { MaskSession, MaskState } from "./session";

/** What the stage draws on. */
export interface StageParts {
  /** Holds all the others; its size is the stage's. */
  readonly frame: HTMLElement;
  readonly picture: HTMLImageElement;
  readonly canvas: HTMLCanvasElement;
  /** Shows where the brush is, and how large. */
  readonly ring: SVGElement;
  /** Shows the shape that is being drawn. */
  readonly outline: SVGElement;
}

export interface Shown {
  readonly view: View;
  /** The place under the pointer or the brush that keys move, in pixels of the picture; null: none. */
  readonly place: Point | null;
}

export class Stage {
  /** Coordinates of the screen are CSS pixels from the stage's upper left corner. */
  readonly store: StoreApi<Shown> = createStore<Shown>(() => ({ view: { scale: 1, x: 0, y: 0 }, place: null }));
  outlined: () => readonly Point[] = () => [];
  #parts: StageParts | null = null;
  #size: Size = { width: 1, height: 1 };
  #ratio = 1;
  #isFitted = true;
  #dirty: Rect | null = null;
  #all = true;
  #waiting = 0;
  #shades: Shades = greyShades();

  constructor(readonly session: MaskSession) {}

  get view(): View {
    return this.store.getState().view;
  }

  get size(): Size {
    return this.#size;
  }

  /** Draw on these parts until the answer is called. */
  attach(parts: StageParts): () => void {
    this.#parts = parts;
    const observer = new ResizeObserver(() => this.#resized(parts));
    observer.observe(parts.frame);
    this.#shades = shadesOf(this.session.state);
    const ends = [
      this.session.listen((rect) => this.#changed(rect)),
      this.session.store.subscribe((state, before) => this.#restyled(state, before)),
      () => observer.disconnect(),
      () => cancelAnimationFrame(this.#waiting),
    ];
    this.#resized(parts);
    return () => {
      this.#parts = null;
      this.#waiting = 0;
      for (const end of ends) end();
    };
  }

  fit(): void {
    this.#isFitted = true;
    this.#show(fit(this.#size, this.session.mask));
  }

  /** Nearer by a factor; without a place, the stage's middle stays where it is. */
  zoom(factor: number, at: Point = { x: this.#size.width / 2, y: this.#size.height / 2 }): void {
    this.#isFitted = false;
    this.#show(panned(zoomed(this.view, this.session.mask, factor, at), this.#size, this.session.mask, 0, 0));
  }

  pan(dx: number, dy: number): void {
    this.#isFitted = false;
    this.#show(panned(this.view, this.#size, this.session.mask, dx, dy));
  }

  /** Move the picture so far that a place of it is in the stage. */
  reveal({ x, y }: Point): void {
    const { view, size } = this;
    const past = (at: number, length: number): number => (at < 24 ? 24 - at : at > length - 24 ? length - 24 - at : 0);
    const dx = past(view.x + x * view.scale, size.width);
    const dy = past(view.y + y * view.scale, size.height);
    if (dx !== 0 || dy !== 0) this.pan(dx, dy);
  }

  /** Show where the brush is; null hides it. */
  point(place: Point | null): void {
    this.store.setState({ place });
    this.#wait();
  }

  #show(view: View): void {
    this.store.setState({ view });
    this.redraw();
  }

  redraw(): void {
    this.#all = true;
    this.#wait();
  }

  /** The shape that is being drawn has changed. */
  reshape(): void {
    this.#wait();
  }

  #changed(rect: Rect): void {
    this.#dirty = union(this.#dirty, rect);
    this.#wait();
  }

  #restyled(state: MaskState, before: MaskState): void {
    if (state.look !== before.look || state.colour !== before.colour || state.cover !== before.cover) {
      this.#shades = shadesOf(state);
      this.redraw();
    } else if (state.size !== before.size || state.tool !== before.tool) this.#wait();
  }

  #resized({ frame, canvas }: StageParts): void {
    this.#size = { width: frame.clientWidth, height: frame.clientHeight };
    this.#ratio = window.devicePixelRatio;
    canvas.width = Math.max(1, Math.round(this.#size.width * this.#ratio));
    canvas.height = Math.max(1, Math.round(this.#size.height * this.#ratio));
    if (this.#isFitted) this.fit();
    else this.pan(0, 0);
  }

  #wait(): void {
    if (this.#waiting === 0) this.#waiting = requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#waiting = 0;
    const parts = this.#parts;
    if (!parts) return;
    const { scale, x, y } = this.view;
    if (this.#all) {
      parts.picture.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
      parts.picture.dataset["near"] = String(scale * this.#ratio >= 2);
    }
    this.#drawMask(parts.canvas);
    this.#drawRing(parts.ring);
    const points = this.outlined().map((point) => `${x + point.x * scale},${y + point.y * scale}`);
    for (const line of parts.outline.children) line.setAttribute("points", points.join(" "));
    // Other pixels may be under the brush now.
    if (this.#dirty) this.store.setState(({ place }) => ({ place: place && { ...place } }));
    this.#all = false;
    this.#dirty = null;
  }

  #drawMask(canvas: HTMLCanvasElement): void {
    const ratio = this.#ratio;
    const view = { scale: this.view.scale * ratio, x: this.view.x * ratio, y: this.view.y * ratio };
    const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height };
    const part = this.#all ? whole : this.#dirty && common(whole, toScreen(view, this.#dirty));
    const pen = part && canvas.getContext("2d");
    if (!part || !pen) return;
    const pixels = new ImageData(part.width, part.height);
    if (this.session.state.look !== "picture") {
      shade(this.session.mask, view, part, this.#shades, new Uint32Array(pixels.data.buffer));
    }
    pen.putImageData(pixels, part.x, part.y);
  }

  #drawRing(ring: SVGElement): void {
    const { place, view } = this.store.getState();
    const { tool, size } = this.session.state;
    ring.toggleAttribute("data-hidden", place === null);
    if (!place) return;
    const radius = tool === "brush" ? Math.max(1.5, (size / 2) * view.scale) : 0;
    ring.style.transform = `translate(${view.x + place.x * view.scale}px, ${view.y + place.y * view.scale}px)`;
    for (const circle of ring.querySelectorAll("circle")) circle.setAttribute("r", String(radius));
    ring.toggleAttribute("data-small", radius < 5);
  }
}

function shadesOf({ look, colour, cover }: MaskState): Shades {
  return look === "mask" ? greyShades() : overlayShades(colour, cover / 100);
}
