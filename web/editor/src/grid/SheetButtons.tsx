import { useState } from "react";
import { download } from "../api/download";
import { useText } from "../i18n/use_text";
import type { Grid } from "../state/grids";
import { useStudio } from "../state/studio";
import { drawSheet } from "./sheet";

const FOLDER = "grids"; // below the output folder

/** Makes one picture of a grid: to download, or beside the other pictures on the server. */
export function SheetButtons({ grid, name }: { readonly grid: Grid; readonly name: string }) {
  const t = useText();
  const { server, ui } = useStudio();
  const [busy, setBusy] = useState(false);
  const titles = { x: grid.axes.x.input, y: grid.axes.y?.input ?? "" };
  const draw = async (use: (sheet: Blob) => Promise<void> | void): Promise<void> => {
    setBusy(true);
    try {
      await use(await drawSheet(server, grid, titles));
    } catch (error) {
      ui.notify({
        tone: "problem",
        text: t("grid.noSheet"),
        details: error instanceof Error ? error.message : String(error),
      });
    } finally {
      setBusy(false);
    }
  };
  const keep = async (sheet: Blob): Promise<void> => {
    const form = new FormData();
    form.set("image", new File([sheet], `${fileName(name)}.png`, { type: "image/png" }));
    form.set("type", "output");
    form.set("subfolder", FOLDER);
    const saved = await server.json<{ name: string; subfolder: string }>("/api/upload/image", {
      method: "POST",
      body: form,
    });
    ui.notify({ tone: "success", text: t("grid.kept", { file: `${saved.subfolder}/${saved.name}` }) });
  };
  return (
    <div className="dialog-buttons">
      <button
        type="button"
        disabled={busy}
        onClick={() => void draw((sheet) => download(`${fileName(name)}.png`, sheet))}
      >
        {t("grid.download")}
      </button>
      <button type="button" disabled={busy} onClick={() => void draw(keep)}>
        {t("grid.keep")}
      </button>
    </div>
  );
}

function fileName(name: string): string {
  return `${name.replace(/[^\p{L}\p{N} ._+-]/gu, "_")} grid`;
}
