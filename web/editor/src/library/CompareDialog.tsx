import { useState } from "react";
import { useText } from "../i18n/use_text";
import { fileAddress } from "../running/outputs";
import { DialogFrame } from "../shell/DialogFrame";
import type { DialogProps } from "../shell/dialog_props";
import type { ShownFile } from "../state/runs";
import { useStudio } from "../state/studio";
import type { OpenDialog } from "../state/ui";
import { CompareSlider } from "./CompareSlider";

/** Two pictures (`about.left`, `about.right`) with a line between them; `about.back`: what is shown afterwards. */
export function CompareDialog({ about, close }: DialogProps) {
  const t = useText();
  const { server, ui } = useStudio();
  const [swapped, setSwapped] = useState(false);
  const files = [about["left"] as ShownFile, about["right"] as ShownFile] as const;
  const [left, right] = swapped ? [files[1], files[0]] : files;
  const back = (about["back"] as OpenDialog | undefined) ?? null;
  const leave = (): void => (back ? ui.setState({ dialog: back }) : close());
  const shown = (file: ShownFile) => ({ src: server.address(fileAddress(file)), name: file.filename });
  return (
    <div
      className="compare-dialog"
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !back) return;
        event.preventDefault();
        leave();
      }}
    >
      <DialogFrame title={t("gallery.compareTitle")} close={leave}>
        <CompareSlider left={shown(left)} right={shown(right)} />
        <div className="compare-names">
          <span title={t("gallery.left")}>{left.filename}</span>
          <button type="button" onClick={() => setSwapped(!swapped)}>
            {t("gallery.swap")}
          </button>
          <span title={t("gallery.right")}>{right.filename}</span>
        </div>
      </DialogFrame>
    </div>
  );
}
