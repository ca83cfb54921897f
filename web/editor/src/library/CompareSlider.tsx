import { useCallback, useRef, useState } from "react";
import { useText } from "../i18n/use_text";

interface Compared {
  readonly src: string;
  readonly name: string;
}

const STEP = 2; // percent that an arrow key moves the line

/**
 * Two pictures over each other with a line between them that can be dragged, touched, or moved by the arrow keys.
 *
 * Both are shown at the same size, that of the left one.
 */
export function CompareSlider({ left, right }: { readonly left: Compared; readonly right: Compared }) {
  const t = useText();
  const frame = useRef<HTMLDivElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(50);
  const follow = useCallback((event: React.PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    if (box) setPlace(clamped((100 * (event.clientX - box.x)) / box.width));
  }, []);
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: place - STEP,
    ArrowRight: place + STEP,
    PageDown: place - 10,
    PageUp: place + 10,
    Home: 0,
    End: 100,
  };
  return (
    <div
      ref={frame}
      className="compare"
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        line.current?.focus();
        follow(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons & 1) follow(event);
      }}
    >
      <img src={left.src} alt={left.name} draggable={false} />
      <img
        className="compare-right"
        src={right.src}
        alt={right.name}
        draggable={false}
        style={{ clipPath: `inset(0 0 0 ${place}%)` }}
      />
      <div
        ref={line}
        className="compare-line"
        role="slider"
        tabIndex={0}
        data-focus
        aria-label={t("gallery.slider")}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(place)}
        aria-valuetext={`${left.name} ${Math.round(place)} %, ${right.name} ${100 - Math.round(place)} %`}
        style={{ left: `${place}%` }}
        onKeyDown={(event) => {
          const to = moves[event.key];
          if (to === undefined) return;
          event.preventDefault();
          setPlace(clamped(to));
        }}
      />
    </div>
  );
}

function clamped(place: number): number {
  return Math.min(100, Math.max(0, place));
}
