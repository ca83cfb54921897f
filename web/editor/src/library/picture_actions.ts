/** What can be done with a picture that lies on the server. */

import { deleteOutput, fetchEmbedded } from "../api/outputs";
import { ServerProblem } from "../api/server";
import { setWidget } from "../document/commands/widgets";
import { widgetsOf } from "../document/widgets";
import { keyOf, type NodeId } from "../document/workflow";
import { fileAddress } from "../running/outputs";
import type { ShownFile } from "../state/runs";
import { activeTab, shownGraph } from "../state/documents";
import type { Studio } from "../state/studio";
import { nameOf } from "../widgets/file_names";
import { sendFile } from "../widgets/uploading";
import { openText } from "../workflows/opening";

/** What makes two files the same one. */
export function fileKey({ filename, subfolder, type }: ShownFile): string {
  return `${type}/${subfolder}/${filename}`;
}

/** Open the workflow that a picture carries in a new tab; false (and a notice): it carries none. */
export async function openPicture(studio: Studio, file: ShownFile): Promise<boolean> {
  try {
    const { workflow, prompt } = await fetchEmbedded(studio.server, file);
    const found = workflow ?? prompt;
    if (!found)
      throw new ServerProblem(404, "no_workflow", studio.text("gallery.noWorkflow", { name: file.filename }), "");
    await openText(studio, JSON.stringify(found), { name: file.filename.replace(/\.[^.]+$/, "") });
    return true;
  } catch (error) {
    const details =
      error instanceof ServerProblem ? [error.message, error.details].filter(Boolean).join(" ") : String(error);
    studio.ui.notify({ tone: "problem", text: studio.text("gallery.noWorkflow", { name: file.filename }), details });
    return false;
  }
}

/** Put a picture into the clipboard, as PNG, which is all that browsers take. */
export async function copyPicture(studio: Studio, file: ShownFile): Promise<void> {
  try {
    const picture = async (): Promise<Blob> => asPng(await (await studio.server.fetch(fileAddress(file))).blob());
    await navigator.clipboard.write([new ClipboardItem({ "image/png": picture() })]);
    studio.ui.notify({ tone: "success", text: studio.text("picture.copied") });
  } catch {
    studio.ui.notify({ tone: "problem", text: studio.text("picture.cannotCopy") });
  }
}

async function asPng(picture: Blob): Promise<Blob> {
  if (picture.type === "image/png") return picture;
  const bitmap = await createImageBitmap(picture);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** A node of the shown graph that takes a picture of the input folder. */
export interface ImageNode {
  readonly id: NodeId;
  readonly title: string;
  readonly widget: string;
}

export function imageNodes(studio: Studio): readonly ImageNode[] {
  const tab = activeTab(studio.documents.getState());
  if (!tab) return [];
  const { types } = studio.catalogue.getState();
  return shownGraph(tab).nodes.flatMap((node) => {
    const schema = types.get(node.type);
    const widget = widgetsOf(node, schema).find((one) => one.spec.upload === "image" && !one.linked);
    return widget ? [{ id: node.id, title: node.title ?? schema?.displayName ?? node.type, widget: widget.name }] : [];
  });
}

/** Copy a picture to the input folder, and let a node take it. */
export async function sendToNode(studio: Studio, file: ShownFile, to: ImageNode): Promise<void> {
  try {
    const blob = await (await studio.server.fetch(fileAddress(file))).blob();
    const sent = await sendFile(studio, new File([blob], file.filename, { type: blob.type }), "input", () => undefined);
    const tab = activeTab(studio.documents.getState());
    const node = tab && shownGraph(tab).nodes.find((one) => keyOf(one.id) === keyOf(to.id));
    const schema = node && studio.catalogue.getState().types.get(node.type);
    const widget = node && widgetsOf(node, schema).find((one) => one.name === to.widget);
    if (!node || !widget) return;
    studio.documents.edit("edit.widget", setWidget(node.id, widget, nameOf(sent), schema));
    studio.ui.notify({ tone: "success", text: studio.text("picture.sent", { name: file.filename, node: to.title }) });
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    studio.ui.notify({ tone: "problem", text: error.message, details: error.details });
  }
}

/** Delete pictures; those that the server did not delete are told and given back. */
export async function deletePictures(studio: Studio, files: readonly ShownFile[]): Promise<readonly ShownFile[]> {
  const kept: ShownFile[] = [];
  for (const file of files) {
    try {
      await deleteOutput(studio.server, file);
    } catch (error) {
      if (!(error instanceof ServerProblem)) throw error;
      if (error.status === 404) continue; // Somebody else was quicker.
      kept.push(file);
      studio.ui.notify({ tone: "problem", text: error.message, details: error.details });
    }
  }
  const count = files.length - kept.length;
  if (count > 0) studio.ui.notify({ tone: "success", text: studio.text("gallery.deleted", { count }) });
  return kept;
}
