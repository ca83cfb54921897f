/** Markdown to elements that are safe to show; loaded when the first note needs it. */

import DOMPurify from "dompurify";
import { marked } from "marked";

/**
 * The elements of a text in Markdown. Scripts and the like are left out; links open in a tab of their own; pictures from
 * elsewhere become links to them, so that opening somebody's workflow asks no other server for anything.
 */
export function renderMarkdown(text: string): DocumentFragment {
  const html = marked.parse(text, { async: false, gfm: true, breaks: true });
  const content = DOMPurify.sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    USE_PROFILES: { html: true },
    FORBID_TAGS: ["style", "form", "button", "select", "textarea"],
    FORBID_ATTR: ["style", "srcset", "background", "poster"],
  });
  for (const field of content.querySelectorAll("input:not([type=checkbox])")) field.remove();
  for (const picture of content.querySelectorAll<HTMLElement>("img, video, audio, source")) {
    const address = picture.getAttribute("src") ?? "";
    if (picture.tagName === "IMG" && isOwn(address)) continue;
    picture.replaceWith(linkTo(address, picture.getAttribute("alt") || address));
  }
  for (const link of content.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  return content;
}

function linkTo(address: string, text: string): HTMLElement {
  const link = document.createElement("a");
  link.href = address;
  link.textContent = text;
  return link;
}

function isOwn(address: string): boolean {
  if (address.startsWith("data:image/")) return true;
  if (!address.startsWith("/") || !URL.canParse(address, location.href)) return false;
  return new URL(address, location.href).origin === location.origin; // "/\\elsewhere" is not
}
