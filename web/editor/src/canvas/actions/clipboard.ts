/** Copying and pasting as commands; the keys come as the browser's own events (`canvas/clipboard.ts`). */

import type { Action } from "../../actions/action";
import { copyByMenu, duplicate, pasteByMenu } from "../clipboard";
import { hasAny, hasGraph } from "./here";

export const CLIPBOARD: readonly Action[] = [
  { id: "canvas.copy", title: "canvas.copy", nativeKeys: ["Ctrl+C"], when: hasAny, run: () => copyByMenu("copy") },
  { id: "canvas.cut", title: "canvas.cut", nativeKeys: ["Ctrl+X"], when: hasAny, run: () => copyByMenu("cut") },
  {
    id: "canvas.paste",
    title: "canvas.paste",
    nativeKeys: ["Ctrl+V"],
    when: hasGraph,
    run: (studio) => pasteByMenu(studio, false),
  },
  {
    id: "canvas.pasteLinked",
    title: "canvas.pasteLinked",
    nativeKeys: ["Ctrl+Shift+V"],
    when: hasGraph,
    run: (studio) => pasteByMenu(studio, true),
  },
  {
    id: "canvas.duplicate",
    title: "canvas.duplicate",
    keys: ["Ctrl+D"],
    when: hasAny,
    run: (studio) => void duplicate(studio, true),
  },
];
