import { useCallback, useState } from "react";
import { useText } from "../i18n/use_text";
import { fileAddress } from "../running/outputs";
import type { DialogProps } from "../shell/dialog_props";
import { Icon } from "../shell/Icon";
import type { ShownFile } from "../state/runs";
import { useStudio } from "../state/studio";
import type { OpenDialog } from "../state/ui";
import { PictureTools } from "./PictureTools";
import { FIT, type View, ZoomedPicture, zoomed } from "./ZoomedPicture";

/**
 * A picture as large as the window, one of `about.files` (the one at `about.at` first).
 *
 * With `about.back` another dialog is shown again when it closes.
 */
export function PictureDialog({ about, close }: DialogProps) {
  const t = useText();
  const { server, ui } = useStudio();
  const files = about["files"] as readonly ShownFile[];
  const back = (about["back"] as OpenDialog | undefined) ?? null;
  const [at, setAt] = useState(Number(about["at"] ?? 0));
  const [view, setView] = useState<View>(FIT);
  const file = files[at];
  const go = useCallback(
    (steps: number) => {
      setAt((before) => (before + steps + files.length) % files.length);
      setView(FIT);
    },
    [files.length],
  );
  const leave = (): void => (back ? ui.setState({ dialog: back }) : close());
  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => go(1),
    ArrowLeft: () => go(-1),
    "+": () => setView((before) => zoomed(before, 1.4)),
    "=": () => setView((before) => zoomed(before, 1.4)),
    "-": () => setView((before) => zoomed(before, 1 / 1.4)),
    "0": () => setView(FIT),
    Escape: leave,
  };
  if (!file) return null;
  return (
    <section
      className="picture-dialog"
      tabIndex={-1}
      aria-label={t("picture.title")}
      onKeyDown={(event) => {
        const act = event.target instanceof HTMLSelectElement ? undefined : keys[event.key];
        if (!act) return;
        event.preventDefault();
        event.stopPropagation();
        act();
      }}
    >
      <header>
        <h2>{file.filename}</h2>
        {files.length > 1 ? (
          <span className="hint">{t("picture.place", { at: at + 1, count: files.length })}</span>
        ) : null}
        <PictureTools
          file={file}
          leave={leave}
          zoom={(factor) => setView((before) => (factor === 0 ? FIT : zoomed(before, factor)))}
        />
        <button type="button" className="icon-button" data-focus aria-label={t("shell.close")} onClick={leave}>
          <Icon name="close" />
        </button>
      </header>
      <div className="picture-stage">
        <ZoomedPicture src={server.address(fileAddress(file))} alt={file.filename} view={view} change={setView} />
        {files.length > 1 ? (
          <>
            <button
              type="button"
              className="picture-step"
              data-side="left"
              aria-label={t("picture.previous")}
              onClick={() => go(-1)}
            >
              <Icon name="left" />
            </button>
            <button
              type="button"
              className="picture-step"
              data-side="right"
              aria-label={t("picture.next")}
              onClick={() => go(1)}
            >
              <Icon name="right" />
            </button>
          </>
        ) : null}
      </div>
    </section>
  );
}
