/** Pictures of the server that are dropped on the canvas: nodes take them as theirs, free space opens their workflow. */

import { keyOf } from "../document/workflow";
import { imageNodes, openPicture, sendToNode } from "../library/picture_actions";
import type { Studio } from "../state/studio";
import { readFile } from "./outputs";
import { FILE_DATA } from "./picture_drag";

/** Listen on the page; the answer ends it. */
export function takePictureDrops(studio: Studio): () => void {
  const over = (event: DragEvent): void => {
    if (!isPicture(event) || !canvasUnder(event)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  };
  const dropped = (event: DragEvent): void => {
    if (!isPicture(event) || !canvasUnder(event)) return;
    event.preventDefault();
    event.stopPropagation();
    const file = readFile(JSON.parse(event.dataTransfer?.getData(FILE_DATA) ?? "null"));
    const key =
      event.target instanceof Element ? event.target.closest<HTMLElement>("[data-node]")?.dataset["node"] : undefined;
    const node = imageNodes(studio).find((one) => keyOf(one.id) === key);
    if (file && node) void sendToNode(studio, file, node);
    else if (file && key === undefined) void openPicture(studio, file);
  };
  document.addEventListener("dragover", over, true);
  document.addEventListener("drop", dropped, true);
  return () => {
    document.removeEventListener("dragover", over, true);
    document.removeEventListener("drop", dropped, true);
  };
}

function isPicture(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes(FILE_DATA) ?? false;
}

function canvasUnder(event: DragEvent): boolean {
  return event.target instanceof Element && event.target.closest(".canvas-area") !== null;
}
