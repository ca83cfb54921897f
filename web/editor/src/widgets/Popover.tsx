import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";

const MARGIN = 8; // from the window's edges, in pixels
const GAP = 2;

/** A place on the screen that a popover belongs to. */
export interface Anchor {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
}

interface Props {
  /** Read anew whenever the popover's content changes. */
  readonly anchor: () => Anchor;
  /** What may be pressed without closing it. */
  readonly owner?: HTMLElement | null;
  readonly close: () => void;
  readonly children: ReactNode;
  readonly className?: string;
}

/**
 * Something that lies over the page beside its anchor: below, or above where there is more room. Pressing, scrolling or
 * resizing elsewhere and Escape close it.
 */
export function Popover({ anchor, owner, close, children, className = "" }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number; least: number } | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const next = placeBeside(anchor(), element.offsetWidth, element.offsetHeight);
    setPlace((before) => (before && before.left === next.left && before.top === next.top ? before : next));
  }, [anchor, children]);
  useEffect(() => {
    const outside = (event: Event): void => {
      const target = event.target instanceof Node ? event.target : null;
      if (!box.current?.contains(target) && !owner?.contains(target)) close();
    };
    const escaped = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
    };
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("wheel", outside, true);
    document.addEventListener("keydown", escaped, true);
    window.addEventListener("resize", close);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      document.removeEventListener("wheel", outside, true);
      document.removeEventListener("keydown", escaped, true);
      window.removeEventListener("resize", close);
    };
  }, [close, owner]);
  const style = place ? { left: place.left, top: place.top, minWidth: place.least } : { left: 0, top: 0, opacity: 0 }; // not hidden: what is hidden cannot take the focus
  return createPortal(
    <div ref={box} className={`popover nodrag nopan nowheel nokey ${className}`} style={style}>
      {children}
    </div>,
    document.body,
  );
}

function placeBeside(anchor: Anchor, width: number, height: number): { left: number; top: number; least: number } {
  const below = window.innerHeight - anchor.bottom - MARGIN;
  const fits = height + GAP <= below || below >= anchor.top - MARGIN;
  const top = fits ? anchor.bottom + GAP : anchor.top - GAP - height;
  const left = Math.min(anchor.left, window.innerWidth - width - MARGIN);
  return { left: Math.max(MARGIN, left), top: Math.max(MARGIN, top), least: anchor.width };
}
