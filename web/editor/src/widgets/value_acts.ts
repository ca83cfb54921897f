/** What can be done with any value: taking it along, and going back to the usual one. */

import { defaultOf, type Widget } from "../document/widgets";
import type { Column } from "./column";
import { plainText } from "./row_parts";

/** Put the value on the clipboard as text. */
export async function copyValue({ studio, t }: Column, widget: Widget): Promise<void> {
  try {
    await navigator.clipboard.writeText(plainText(widget.value));
    studio.ui.notify({ tone: "info", text: t("widgets.copied", { name: widget.label }) });
  } catch {
    studio.ui.notify({ tone: "problem", text: t("widgets.no_clipboard") });
  }
}

/** Set the value that a fresh node has. */
export function resetValue(column: Column, widget: Widget): void {
  if (!widget.readOnly && !widget.linked) column.set(widget, defaultOf(widget.spec));
}
