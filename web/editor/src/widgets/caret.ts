/** Where the caret of a text area is on the screen. */

import type { Anchor } from "./Popover";

const COPIED = ["font", "letterSpacing", "lineHeight", "padding", "border", "boxSizing", "tabSize"] as const;

/** The place of a character of a text area, measured in a copy of it that nobody sees. */
export function caretAnchor(area: HTMLTextAreaElement, place: number): Anchor {
  const copy = document.createElement("div");
  const style = getComputedStyle(area);
  for (const name of COPIED) copy.style[name] = style[name];
  Object.assign(copy.style, {
    position: "absolute",
    visibility: "hidden",
    whiteSpace: "pre-wrap",
    overflowWrap: "break-word",
    width: `${area.offsetWidth}px`,
  });
  const caret = document.createElement("span");
  caret.textContent = "\u200b";
  copy.append(area.value.slice(0, place), caret);
  document.body.append(copy);
  const { offsetLeft, offsetTop, offsetHeight } = caret;
  copy.remove();
  const box = area.getBoundingClientRect();
  const zoom = area.offsetWidth === 0 ? 1 : box.width / area.offsetWidth;
  const top = box.top + Math.max(0, offsetTop - area.scrollTop) * zoom;
  return { left: box.left + offsetLeft * zoom, top, bottom: top + offsetHeight * zoom, width: 0 };
}
