/** Dragging a picture out of the editor: onto an image node, into another window, or onto the desktop. */

import type { Server } from "../api/server";
import type { ShownFile } from "../state/runs";
import { fileAddress } from "./outputs";

/** The kind of data under which the editor finds a file of the server again: its JSON. */
export const FILE_DATA = "application/x-weft-file";

export function dragPicture(event: React.DragEvent, file: ShownFile, server: Server): void {
  const address = new URL(server.address(fileAddress(file)), location.href).href;
  event.stopPropagation();
  event.dataTransfer.effectAllowed = "copy";
  event.dataTransfer.setData(FILE_DATA, JSON.stringify(file));
  event.dataTransfer.setData("text/uri-list", address);
  event.dataTransfer.setData("text/plain", address);
  event.dataTransfer.setData("DownloadURL", `image/png:${file.filename}:${address}`);
}
