/** The mask editor's own keys. While it is open no key reaches the rest of the editor. */

import { combinationOf } from "../actions/keys";
import type { BrushKeys } from "./brush_keys";
import { CLEARED, FILLED, INVERTED, mapLevels } from "./pixels/levels";
import type { Pointers } from "./pointers";
import type { MaskSession } from "./session";
import { inRange, LOOKS } from "./settings";
import type { Stage } from "./stage";

export interface KeyTakers {
  readonly session: MaskSession;
  readonly stage: Stage;
  readonly pointers: Pointers;
  readonly brush: BrushKeys;
  readonly frame: HTMLElement;
  readonly save: () => void;
  /** Close, or ask whether to. */
  readonly leave: () => void;
}

/** Listen to all keys of a page until the answer is called. */
export function listenToMaskKeys(page: Window, takers: KeyTakers): () => void {
  const pressed = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (take(event, takers)) event.preventDefault();
  };
  const released = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === " ") takers.pointers.holdSpace(false);
    takers.brush.release(event);
  };
  const left = (): void => {
    takers.pointers.holdSpace(false);
  };
  page.addEventListener("keydown", pressed, true);
  page.addEventListener("keyup", released, true);
  page.addEventListener("blur", left);
  return () => {
    page.removeEventListener("keydown", pressed, true);
    page.removeEventListener("keyup", released, true);
    page.removeEventListener("blur", left);
  };
}

/** Whether a key was for the mask editor. */
function take(event: KeyboardEvent, takers: KeyTakers): boolean {
  const isDrawing = takers.pointers.isDrawing || takers.brush.isDrawing;
  const always = ALWAYS[combinationOf(event)];
  if (always) {
    if (event.key === "Escape" || !isDrawing) always(takers);
    return true;
  }
  if (event.target === takers.frame && onStage(event, takers)) return true;
  if (isTyping(event.target)) return endTyping(event, takers);
  const act = ELSEWHERE[combinationOf(event)];
  if (!isDrawing) act?.(takers); // in the middle of a stroke it would tear it
  return act !== undefined;
}

/** Enter in a field goes back to painting. */
function endTyping(event: KeyboardEvent, { frame }: KeyTakers): boolean {
  const isDone = event.key === "Enter" && event.target instanceof HTMLInputElement && event.target.type === "number";
  if (isDone) frame.focus();
  return isDone;
}

function onStage(event: KeyboardEvent, { brush, pointers }: KeyTakers): boolean {
  if (brush.press(event)) return true;
  if (event.key !== " ") return false;
  pointers.holdSpace(true);
  return true;
}

type Act = (takers: KeyTakers) => void;

/** Also while something is typed. */
const ALWAYS: Readonly<Record<string, Act>> = {
  "Ctrl+S": ({ save }) => save(),
  "Ctrl+Enter": ({ save }) => save(),
  Escape(takers) {
    if (takers.pointers.isDrawing) takers.pointers.cancel();
    else if (takers.brush.isDrawing) takers.brush.cancel();
    else takers.leave();
  },
};

const ELSEWHERE: Readonly<Record<string, Act>> = {
  "Ctrl+Z": ({ session }) => session.undo(),
  "Ctrl+Shift+Z": ({ session }) => session.redo(),
  "Ctrl+Y": ({ session }) => session.redo(),
  "Ctrl+A": ({ session }) => void session.apply((history) => mapLevels(history, FILLED)),
  Delete: ({ session }) => void session.apply((history) => mapLevels(history, CLEARED)),
  I: ({ session }) => void session.apply((history) => mapLevels(history, INVERTED)),
  B: ({ session }) => session.set({ tool: "brush" }),
  R: ({ session }) => session.set({ tool: "rectangle" }),
  L: ({ session }) => session.set({ tool: "lasso" }),
  F: ({ session }) => session.set({ tool: "fill" }),
  X: ({ session }) => session.set({ erases: !session.state.erases }),
  E: ({ session }) => session.set({ erases: true }),
  P: ({ session }) => session.set({ erases: false }),
  V: ({ session }) => session.set({ look: LOOKS[(LOOKS.indexOf(session.state.look) + 1) % LOOKS.length] ?? "overlay" }),
  "[": (takers) => resize(takers, 1 / 1.15),
  "]": (takers) => resize(takers, 1.15),
  "Shift+{": (takers) => harden(takers, -10),
  "Shift+}": (takers) => harden(takers, 10),
  "+": ({ stage }) => stage.zoom(1.25),
  "Shift++": ({ stage }) => stage.zoom(1.25),
  "=": ({ stage }) => stage.zoom(1.25),
  "-": ({ stage }) => stage.zoom(0.8),
  "0": ({ stage }) => stage.fit(),
  "1": ({ stage }) => stage.zoom(1 / stage.view.scale),
};

function resize({ session }: KeyTakers, factor: number): void {
  const wanted = session.state.size * factor;
  session.set({ size: inRange("size", factor < 1 ? Math.floor(wanted) : Math.ceil(wanted)) });
}

function harden({ session }: KeyTakers, by: number): void {
  session.set({ hardness: inRange("hardness", session.state.hardness + by) });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches("select, textarea, input:not([type=checkbox], [type=range], [type=radio])")
  );
}
