/**
 * Copying and pasting by the system's clipboard, between tabs, browsers and the stock editor.
 *
 * The browser's own events are used, because they need no permission; what was copied last is kept in the browser's
 * storage too, for pages that may not read the clipboard when a menu asks them to.
 */

import { clippingHtml, clippingText, copy, looksLikeClipping, readClipping } from "../document/clipboard";
import { paste, type Pasted } from "../document/commands/paste";
import { removeNodes } from "../document/commands/nodes";
import { removeGroups } from "../document/commands/groups";
import { inTurn } from "../document/edit";
import { WorkflowError } from "../document/problems";
import { keyOf } from "../document/workflow";
import { NOTHING } from "../state/documents";
import { addPictureNode } from "../library/picture_node";
import type { Studio } from "../state/studio";
import { here } from "./actions/here";

const KEPT = "weft.clipboard";

/** Listen on a page; the answer ends it. */
export function listenToClipboard(page: Document, studio: Studio): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  let linked = false;
  const copied = (event: ClipboardEvent): void => {
    if (isForText(page, event) || !event.clipboardData) return;
    const clipping = clippingOf(studio);
    if (!clipping) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", clippingText(clipping));
    event.clipboardData.setData("text/html", clippingHtml(clipping));
    localStorage.setItem(KEPT, clippingText(clipping));
    if (event.type === "cut") removeSelected(studio);
  };
  const pasted = (event: ClipboardEvent): void => {
    if (event.defaultPrevented || isForText(page, event)) return;
    const data = event.clipboardData;
    const text = [data?.getData("text/html"), data?.getData("text/plain")].find((one) => one && looksLikeClipping(one));
    const picture = [...(data?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!text && picture && here(studio)) {
      event.preventDefault();
      void addPictureNode(studio, picture);
    }
    if (!text) return;
    event.preventDefault();
    pasteText(studio, text, linked);
  };
  // Ctrl+Shift+V comes as the same event; the key tells them apart.
  page.addEventListener("keydown", (event) => (linked = event.shiftKey), { signal, capture: true });
  page.addEventListener("copy", copied, { signal });
  page.addEventListener("cut", copied, { signal });
  page.addEventListener("paste", pasted, { signal });
  return () => ending.abort();
}

/** A text field has the focus, or a text is selected. */
function isForText(page: Document, event: Event): boolean {
  const { target } = event;
  if (target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog")) return true;
  return !(page.getSelection()?.isCollapsed ?? true);
}

function clippingOf(studio: Studio): ReturnType<typeof copy> | null {
  const now = here(studio);
  if (!now || now.nodes.length + now.selection.groups.size === 0) return null;
  return copy(now.around.workflow, now.graph, { nodes: now.ids, groups: [...now.selection.groups] });
}

function removeSelected(studio: Studio): void {
  const now = here(studio);
  if (!now) return;
  studio.documents.edit("edit.cut", inTurn(removeNodes(now.ids), removeGroups([...now.selection.groups])));
  studio.documents.select(NOTHING);
}

/** For menus: the browser makes the event of it. */
export function copyByMenu(kind: "copy" | "cut"): void {
  document.querySelector<HTMLElement>(".canvas")?.focus({ preventScroll: true });
  document.execCommand(kind); // deprecated, but the only way that needs neither permission nor HTTPS
}

/** For menus: what the clipboard holds if the page may read it, else what was copied here last. */
export async function pasteByMenu(studio: Studio, linked: boolean): Promise<void> {
  const text = await navigator.clipboard?.readText().catch(() => null);
  const kept = localStorage.getItem(KEPT);
  if (text && looksLikeClipping(text)) pasteText(studio, text, linked);
  else if (kept) pasteText(studio, kept, linked);
  else
    studio.ui.notify({
      tone: "info",
      text: studio.text(text === null ? "canvas.noClipboard" : "canvas.nothingToPaste"),
    });
}

/** Put what a text holds where the pointer is, and select it. */
export function pasteText(studio: Studio, text: string, linked: boolean): void {
  try {
    const { clipping } = readClipping(text, studio.catalogue.getState().types);
    const { menu, view } = studio.canvas.getState();
    const at = menu?.place ?? view?.pointer() ?? { x: 0, y: 0 };
    let result: Pasted | null = null;
    const options = { at: [Math.round(at.x), Math.round(at.y)] as const, outside: linked };
    studio.documents.edit("edit.paste", paste(clipping, { ...options, made: (made) => (result = made) }));
    select(studio, result);
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    studio.ui.notify({ tone: "problem", text: error.message });
  }
}

const AWAY = 30; // canvas units between a thing and its duplicate

/** Duplicate what is selected, a little away from it; the duplicates are selected. `away` false: on top of it. */
export function duplicate(studio: Studio, away: boolean, mergeKey: string | null = null): Pasted | null {
  const clipping = clippingOf(studio);
  const now = here(studio);
  if (!clipping || !now) return null;
  let result: Pasted | null = null;
  const corners = [...clipping.nodes.map((node) => node.pos), ...clipping.groups.map((group) => group.bounding)];
  const left = Math.min(...corners.map((corner) => Number(corner[0])));
  const top = Math.min(...corners.map((corner) => Number(corner[1])));
  const options = away ? { at: [left + AWAY, top + AWAY] as const } : {};
  const recipe = paste(clipping, { ...options, made: (made) => (result = made) });
  studio.documents.edit("edit.duplicate", recipe, mergeKey);
  select(studio, result);
  return result;
}

function select(studio: Studio, pasted: Pasted | null): void {
  if (!pasted) return;
  studio.documents.select({
    ...NOTHING,
    nodes: new Set(pasted.nodes.map(keyOf)),
    groups: new Set(pasted.groups),
    reroutes: new Set(pasted.reroutes),
  });
}
