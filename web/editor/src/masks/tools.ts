/** What the tools do between pressing and letting go, however they are moved: by pointers or by keys. */

import { colourAt, eachColour } from "./picture";
import type { Point, Rect } from "./pixels/bitmap";
import { fillMarked, markSimilar, REACHED, SIMILAR, similarInMask, spread } from "./pixels/flood";
import type { MaskHistory } from "./pixels/history";
import { fillPolygon } from "./pixels/polygon";
import { SmoothPath } from "./pixels/smooth_path";
import { type Dab, Stroke } from "./pixels/stroke";
import type { MaskSession, MaskState } from "./session";

/** A place that a tool comes to. */
export interface Sample extends Point {
  /** Of a pen, 0 to 1; 1 for everything else. */
  readonly pressure: number;
}

/** How a gesture begins. */
export interface Start extends Sample {
  /** Erase where the tool paints, and the other way round. */
  readonly swapped: boolean;
  /** Draw a line from where the last stroke ended. */
  readonly straight: boolean;
}

export interface Gesture {
  move(samples: readonly Sample[]): void;
  end(): void;
  /** As if it had never begun. */
  cancel(): void;
  /** What is shown of it meanwhile, in pixels of the picture. */
  outline(): readonly Point[];
}

export function beginGesture(session: MaskSession, start: Start): Gesture {
  const { tool, erases } = session.state;
  const value = erases !== start.swapped ? 0 : 255;
  switch (tool) {
    case "brush":
      return brush(session, start, value);
    case "rectangle":
      return shape(session, value, start, (places) => boxAround(places));
    case "lasso":
      return shape(session, value, start, (places) => places);
    case "fill":
      return fill(session, value, start);
  }
}

function brush(session: MaskSession, start: Start, value: number): Gesture {
  const { history, state } = session;
  const stroke = new Stroke(history, { hardness: state.hardness / 100, opacity: state.opacity / 100, value });
  const first = dab(state, start);
  const path = new SmoothPath(first);
  let last = first;
  const draw = (from: Dab, places: readonly Dab[]): void => {
    for (const place of places) {
      session.changed(stroke.segment(from, place));
      from = place;
      last = place;
    }
  };
  draw((start.straight && session.lastPlace) || first, [first]);
  return {
    move(samples) {
      for (const sample of samples) draw(last, path.add(dab(session.state, sample)));
    },
    end() {
      draw(last, path.finish());
      session.lastPlace = last;
      session.commit();
    },
    cancel: () => session.changed(history.rollback()),
    outline: () => [],
  };
}

const LIGHTEST = 0.1; // of the brush's size, where a pen hardly touches

function dab({ size, pressure }: MaskState, sample: Sample): Dab {
  const part = pressure ? LIGHTEST + (1 - LIGHTEST) * sample.pressure : 1;
  return { x: sample.x, y: sample.y, radius: (size / 2) * part };
}

function shape(
  session: MaskSession,
  value: number,
  start: Point,
  outlineOf: (places: readonly Point[]) => readonly Point[],
): Gesture {
  const places: Point[] = [start];
  return {
    move: (samples) => void places.push(...samples),
    end() {
      const { opacity } = session.state;
      session.changed(fillPolygon(session.history, outlineOf(places), value, opacity / 100));
      session.commit();
    },
    cancel: () => undefined,
    outline: () => outlineOf(places),
  };
}

/** The whole pixels from the first place to the last. */
function boxAround(places: readonly Point[]): readonly Point[] {
  const [a, b] = [places[0], places.at(-1)];
  if (!a || !b) return [];
  const left = Math.floor(Math.min(a.x, b.x));
  const top = Math.floor(Math.min(a.y, b.y));
  const right = Math.ceil(Math.max(a.x, b.x));
  const bottom = Math.ceil(Math.max(a.y, b.y));
  return [
    { x: left, y: top },
    { x: right, y: top },
    { x: right, y: bottom },
    { x: left, y: bottom },
  ];
}

function fill(session: MaskSession, value: number, start: Point): Gesture {
  let place = start;
  return {
    move: (samples) => void (place = samples.at(-1) ?? place),
    end: () => void session.apply((history) => flood(session, history, place, value)),
    cancel: () => undefined,
    outline: () => [],
  };
}

async function flood(session: MaskSession, history: MaskHistory, place: Point, value: number): Promise<Rect | null> {
  const { width, height } = session.mask;
  const [x, y] = [Math.floor(place.x), Math.floor(place.y)];
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  const { tolerance, connected, compares, opacity } = session.state;
  const marks =
    compares === "mask"
      ? similarInMask(session.mask, x, y, tolerance)
      : await similarInPicture(session, x, y, tolerance);
  if (connected) spread(marks, width, height, x, y);
  return fillMarked(history, marks, connected ? REACHED : SIMILAR, value, opacity / 100);
}

async function similarInPicture(
  { picture, mask }: MaskSession,
  x: number,
  y: number,
  tolerance: number,
): Promise<Uint8Array> {
  const marks = new Uint8Array(mask.data.length);
  const colour = await colourAt(picture.colours, x, y);
  await eachColour(picture.colours, (start, rgba) => markSimilar(marks, start, rgba, colour, tolerance));
  return marks;
}
