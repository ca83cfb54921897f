import { useEffect, useId, useRef } from "react";
import { useStore } from "zustand";
import { useText } from "../i18n/use_text";
import { BrushKeys } from "./brush_keys";
import { listenToMaskKeys } from "./keys";
import { Pointers } from "./pointers";
import type { MaskSession } from "./session";
import type { Stage } from "./stage";

interface Given {
  readonly session: MaskSession;
  readonly stage: Stage;
  readonly save: () => Promise<void>;
  readonly leave: () => void;
}

/** Where the mask is painted. */
export function StageView({ session, stage, save, leave }: Given) {
  const t = useText();
  const help = useId();
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const ring = useRef<SVGSVGElement>(null);
  const outline = useRef<SVGSVGElement>(null);
  const { look, isBusy, tool } = useStore(session.store);
  useEffect(() => {
    if (!frame.current || !picture.current || !canvas.current || !ring.current || !outline.current) return;
    const brush = new BrushKeys(session, stage);
    const pointers = new Pointers(session, stage, frame.current);
    const led = (event: PointerEvent): void => {
      if (event.type === "pointerdown" || event.movementX !== 0 || event.movementY !== 0) brush.leave();
    };
    frame.current.addEventListener("pointermove", led);
    frame.current.addEventListener("pointerdown", led);
    const parts = {
      frame: frame.current,
      picture: picture.current,
      canvas: canvas.current,
      ring: ring.current,
      outline: outline.current,
    };
    const takers = { session, stage, pointers, brush, frame: frame.current, save: () => void save(), leave };
    const ends = [stage.attach(parts), pointers.listen(), listenToMaskKeys(window, takers)];
    frame.current.focus();
    return () => {
      brush.cancel();
      for (const end of ends) end();
    };
  }, [session, stage, save, leave]);
  return (
    <div
      ref={frame}
      className="mask-stage"
      role="application"
      tabIndex={0}
      data-focus
      data-tool={tool}
      aria-label={t("masks.stage")}
      aria-describedby={help}
      aria-busy={isBusy}
    >
      <img
        ref={picture}
        src={session.picture.address}
        alt=""
        draggable={false}
        hidden={look === "mask"}
        width={session.mask.width}
        height={session.mask.height}
      />
      <canvas ref={canvas} />
      <svg ref={outline} className="mask-outline" aria-hidden="true">
        <polygon />
        <polygon />
      </svg>
      <svg ref={ring} className="mask-ring" aria-hidden="true" data-hidden>
        <circle r="1" />
        <circle r="1" />
        <path d="M-6 0H6M0-6V6" />
        <path d="M-6 0H6M0-6V6" />
      </svg>
      <p id={help} className="visually-hidden">
        {t("masks.stage_help")}
      </p>
      {isBusy ? (
        <p className="mask-busy" role="status">
          {t("masks.busy")}
        </p>
      ) : null}
    </div>
  );
}
