import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { Point } from "../../state/canvas";

interface Props {
  /** On the screen: its top left, unless it would not fit there. */
  readonly at: Point;
  readonly label: string;
  readonly close: () => void;
  readonly className: string;
  readonly role?: "dialog" | "menu";
  readonly children: ReactNode;
}

const MARGIN = 8; // pixels to the edges of the screen

/** Something small over the canvas: goes by Escape, and by a press anywhere else. */
export function Popover({ at, label, close, className, role = "dialog", children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [shift, setShift] = useState<Point>(at);
  useLayoutEffect(() => {
    if (!box.current) return;
    const { width, height } = box.current.getBoundingClientRect();
    setShift({
      x: Math.max(MARGIN, Math.min(at.x, innerWidth - width - MARGIN)),
      y: Math.max(MARGIN, Math.min(at.y, innerHeight - height - MARGIN)),
    });
  }, [at]);
  useEffect(() => {
    const pressed = (event: PointerEvent): void => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close();
    };
    addEventListener("pointerdown", pressed, { capture: true });
    return () => removeEventListener("pointerdown", pressed, { capture: true });
  }, [close]);
  const keyed = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
    event.stopPropagation();
  };
  return createPortal(
    <div
      ref={box}
      className={`canvas-popover ${className}`}
      role={role}
      aria-label={label}
      style={{ left: shift.x, top: shift.y }}
      onKeyDown={keyed}
      onContextMenu={(event) => event.preventDefault()}
    >
      {children}
    </div>,
    document.body,
  );
}
