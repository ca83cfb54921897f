import { useCallback, useState } from "react";
import { ServerProblem } from "../api/server";
import { type Column, type RowProps, useColumn } from "./column";
import { fileOf, nameOf } from "./file_names";
import { useIncomingFiles } from "./incoming_files";
import { plainText } from "./row_parts";
import { type FileKind, refusal, sendFile } from "./uploading";

/** Below a picker of files: a button to send one of this machine, also by drop and paste; for pictures, their mask. */
export function UploadLine({ widget, y, height }: RowProps) {
  const column = useColumn();
  const { t, studio } = column;
  const kind = widget.spec.upload ?? "image";
  const [line, setLine] = useState<HTMLElement | null>(null);
  const [part, setPart] = useState<number | null>(null);
  const take = useCallback(
    (file: File) => {
      setPart(0);
      void upload(column, widget, kind, file, setPart).finally(() => setPart(null));
    },
    [column, widget, kind],
  );
  useIncomingFiles(line, column, take);
  const file = fileOf(plainText(widget.value));
  return (
    <div ref={setLine} className="widget-line nodrag nokey" style={{ top: y + 2, height: height - 4 }}>
      <label
        className="upload"
        data-busy={part !== null || undefined}
        style={{ "--part": part ?? 0 } as React.CSSProperties}
      >
        {part === null ? t(`widgets.upload_${kind}`) : t("widgets.uploading", { percent: Math.round(part * 100) })}
        <input
          type="file"
          className="visually-hidden"
          accept={`${kind}/*`}
          disabled={part !== null}
          aria-label={t("widgets.upload_label", { name: widget.label })}
          onChange={(event) => {
            const chosen = event.target.files?.[0];
            event.target.value = ""; // so that the same file can be chosen again
            if (chosen) take(chosen);
          }}
        />
      </label>
      {kind === "image" && file ? (
        <button
          type="button"
          className="glyph mask"
          aria-label={t("widgets.edit_mask")}
          title={t("widgets.edit_mask")}
          onClick={() => studio.ui.show("mask", { tab: column.tab, node: column.runKey, file, input: widget.name })}
        />
      ) : null}
    </div>
  );
}

async function upload(
  column: Column,
  widget: RowProps["widget"],
  kind: FileKind,
  file: File,
  progress: (part: number) => void,
): Promise<void> {
  const { studio, t } = column;
  try {
    const reason = await refusal(studio, t, kind, file);
    if (reason !== null) {
      studio.ui.notify({ tone: "problem", text: reason });
      return;
    }
    const kept = await sendFile(studio, file, widget.spec.uploadFolder, progress);
    await studio.catalogue.load();
    column.set(widget, nameOf(kept));
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    const text = error.status === 413 ? t("widgets.too_large_for_server", { name: file.name }) : error.message;
    studio.ui.notify({
      tone: "problem",
      text: t("widgets.upload_failed", { name: file.name, reason: text }),
      details: error.details,
    });
  }
}
