import { useStore } from "zustand";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import type { MaskSession } from "./session";
import type { Stage } from "./stage";
import { ToolIcon } from "./ToolIcon";

/** How near the picture is shown, and what is under the brush. */
export function StageFooter({ session, stage }: { readonly session: MaskSession; readonly stage: Stage }) {
  const t = useText();
  const scale = useStore(stage.store, ({ view }) => view.scale);
  return (
    <footer className="mask-footer">
      <div role="group" aria-label={t("masks.zoom")}>
        <button
          type="button"
          className="icon-button"
          aria-label={t("masks.farther")}
          title={`${t("masks.farther")} (-)`}
          onClick={() => stage.zoom(0.8)}
        >
          <ToolIcon name="minus" />
        </button>
        <button
          type="button"
          aria-label={t("masks.full_size")}
          title={`${t("masks.full_size")} (1)`}
          onClick={() => stage.zoom(1 / scale)}
        >
          {t("masks.percent", { value: scale < 0.1 ? (100 * scale).toFixed(1) : Math.round(100 * scale) })}
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label={t("masks.nearer")}
          title={`${t("masks.nearer")} (+)`}
          onClick={() => stage.zoom(1.25)}
        >
          <Icon name="plus" />
        </button>
        <button type="button" title={`${t("masks.fit")} (0)`} onClick={() => stage.fit()}>
          {t("masks.fit")}
        </button>
      </div>
      <Place session={session} stage={stage} />
      <p className="hint">{t("masks.hint")}</p>
    </footer>
  );
}

function Place({ session, stage }: { readonly session: MaskSession; readonly stage: Stage }) {
  const t = useText();
  const text = useStore(stage.store, ({ place }) => {
    if (!place) return "";
    const [x, y] = [Math.floor(place.x), Math.floor(place.y)];
    const { width, height, data } = session.mask;
    const value = x >= 0 && y >= 0 && x < width && y < height ? data[y * width + x] : undefined;
    return value === undefined ? "" : t("masks.place", { x, y, percent: Math.round(value / 2.55) });
  });
  return (
    <output className="mask-place" aria-label={t("masks.under_brush")}>
      {text}
    </output>
  );
}
