/** Files that are dropped on a node, or pasted while it is the one that is selected. */

import { useEffect } from "react";
import { keyOf } from "../document/workflow";
import { activeTab } from "../state/documents";
import type { Column } from "./column";

/** Listen around an element for files; they are taken before the canvas opens them as workflows. */
export function useIncomingFiles(element: HTMLElement | null, column: Column, take: (file: File) => void): void {
  useEffect(() => {
    const node = element?.closest<HTMLElement>(".react-flow__node");
    if (!node) return;
    const over = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = "copy";
    };
    const dropped = (event: DragEvent): void => {
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      event.stopPropagation();
      take(file);
    };
    const pasted = (event: ClipboardEvent): void => {
      const file = event.clipboardData?.files[0];
      if (!file || event.defaultPrevented || isTyping(event.target) || !isTheSelected(column)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      take(file);
    };
    node.addEventListener("dragover", over);
    node.addEventListener("drop", dropped);
    document.addEventListener("paste", pasted, true);
    return () => {
      node.removeEventListener("dragover", over);
      node.removeEventListener("drop", dropped);
      document.removeEventListener("paste", pasted, true);
    };
  }, [element, column, take]);
}

function isTheSelected({ studio, tab, node }: Column): boolean {
  const active = activeTab(studio.documents.getState());
  const nodes = active?.selection.nodes;
  return active?.id === tab && nodes?.size === 1 && nodes.has(keyOf(node.id));
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, [contenteditable]");
}
