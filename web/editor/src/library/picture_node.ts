/** A picture of a person's machine becomes a node that takes it. */

import { ServerProblem } from "../api/server";
import { addNode, freshNode } from "../document/commands/nodes";
import type { NodeSchema } from "../document/schema";
import { widgetsOf } from "../document/widgets";
import { keyOf, type NodeId } from "../document/workflow";
import { NOTHING } from "../state/documents";
import type { Studio } from "../state/studio";
import { nameOf } from "../widgets/file_names";
import { refusal, sendFile } from "../widgets/uploading";

/** Send a picture to the server's input folder, and add a node for it where the pointer is; a notice says what went wrong. */
export async function addPictureNode(studio: Studio, file: File): Promise<void> {
  try {
    const reason = await refusal(studio, studio.text, "image", file);
    if (reason !== null) {
      studio.ui.notify({ tone: "problem", text: reason });
      return;
    }
    const kept = await sendFile(studio, file, "input", () => undefined);
    await studio.catalogue.load();
    place(studio, nameOf(kept));
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    const text = studio.text("widgets.upload_failed", { name: file.name, reason: error.message });
    studio.ui.notify({ tone: "problem", text, details: error.details });
  }
}

function place(studio: Studio, picture: string): void {
  const schema = [...studio.catalogue.getState().types.values()].find(loadsPictures);
  const at = studio.canvas.getState().view?.pointer();
  if (!schema || !at) return;
  const node = freshNode(schema, [Math.round(at.x), Math.round(at.y)]);
  const values = Array.isArray(node.widgets_values) ? [...node.widgets_values] : [];
  const widget = widgetsOf({ id: 0, ...node }, schema).find(({ spec }) => spec.upload === "image");
  if (!widget) return;
  values[widget.index] = picture;
  let made: NodeId = "";
  const add = addNode({ ...node, widgets_values: values }, (id) => {
    made = id;
  });
  studio.documents.edit("edit.add", add);
  studio.documents.select({ ...NOTHING, nodes: new Set([keyOf(made)]) });
}

/** A type whose first output is the picture of the input folder that a person chooses. */
function loadsPictures({ inputs, outputs, deprecated }: NodeSchema): boolean {
  const takes = inputs.some(({ upload, uploadFolder }) => upload === "image" && uploadFolder === "input");
  return !deprecated && outputs[0]?.type === "IMAGE" && takes;
}
