import { useSyncExternalStore } from "react";
import { useText } from "../../i18n/use_text";
import type { CanvasEngine } from "../engine";

const STEP = 1.25;

/** Zoom buttons with the percentage between them, and one that shows everything. */
export function ZoomControls({ engine }: { readonly engine: CanvasEngine }) {
  const t = useText();
  const percent = useSyncExternalStore(
    (changed) => engine.flow.subscribe(changed),
    () => Math.round(engine.view().zoom * 100),
  );
  return (
    <div className="zoom-controls" role="group" aria-label={t("canvas.zoom")}>
      <button
        type="button"
        aria-label={t("canvas.zoomOut")}
        title={t("canvas.zoomOut")}
        onClick={() => engine.zoomBy(1 / STEP)}
      >
        −
      </button>
      <button type="button" className="zoom-percent" title={t("canvas.zoomReset")} onClick={() => engine.zoomTo(1)}>
        {percent} %
      </button>
      <button
        type="button"
        aria-label={t("canvas.zoomIn")}
        title={t("canvas.zoomIn")}
        onClick={() => engine.zoomBy(STEP)}
      >
        +
      </button>
      <button type="button" aria-label={t("canvas.fit")} title={t("canvas.fit")} onClick={() => engine.fit(null)}>
        <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4" />
        </svg>
      </button>
    </div>
  );
}
