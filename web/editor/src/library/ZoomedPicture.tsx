import { useCallback, useEffect, useRef, useState } from "react";
import { useText } from "../i18n/use_text";

/** How a picture is shown: `scale` 1 fits it into its frame; x and y: its middle, in pixels off the frame's. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const FIT: View = { scale: 1, x: 0, y: 0 };
const LEAST = 0.2;
const MOST = 32;

/** A view nearer by a factor, with a point of the frame staying where it is (from the frame's middle). */
export function zoomed(view: View, factor: number, at: readonly [number, number] = [0, 0]): View {
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: at[0] - (at[0] - view.x) * by, y: at[1] - (at[1] - view.y) * by };
}

interface Shown {
  readonly src: string;
  readonly alt: string;
  readonly view: View;
  readonly change: (change: (view: View) => View) => void;
}

/** A picture to zoom with the wheel or two fingers, to pan by dragging, and to fit by a double click. */
export function ZoomedPicture({ src, alt, view, change }: Shown) {
  const t = useText();
  const frame = useRef<HTMLDivElement>(null);
  const [broken, setBroken] = useState<string | null>(null);
  const pointers = usePointers(change, frame);
  useEffect(() => {
    const element = frame.current;
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      change((before) =>
        zoomed(before, Math.exp(-event.deltaY / 400), fromMiddle(element, event.clientX, event.clientY)),
      );
    };
    element?.addEventListener("wheel", wheel, { passive: false });
    return () => element?.removeEventListener("wheel", wheel);
  }, [change]);
  return (
    <div
      ref={frame}
      className="zoomed"
      data-far={view.scale > 3 || undefined}
      {...pointers}
      onDoubleClick={() => change((before) => (before.scale === 1 ? zoomed(FIT, 3) : FIT))}
    >
      {broken === src ? (
        <p>{t("picture.broken")}</p>
      ) : (
        <img
          src={src}
          alt={alt}
          draggable={false}
          onError={() => setBroken(src)}
          style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
        />
      )}
    </div>
  );
}

/** One pointer moves the picture, two zoom it as well. */
function usePointers(change: Shown["change"], frame: React.RefObject<HTMLDivElement | null>) {
  const held = useRef(new Map<number, readonly [number, number]>());
  const move = useCallback(
    (event: React.PointerEvent) => {
      const before = [...held.current.values()];
      const [known] = [held.current.get(event.pointerId)];
      if (!known) return;
      held.current.set(event.pointerId, [event.clientX, event.clientY]);
      const after = [...held.current.values()];
      const share = 1 / before.length;
      const dx = (event.clientX - known[0]) * share;
      const dy = (event.clientY - known[1]) * share;
      const factor = spread(after) / spread(before);
      const [middleX, middleY] = middle(after);
      const at = fromMiddle(frame.current, middleX, middleY);
      change((view) => zoomed({ ...view, x: view.x + dx, y: view.y + dy }, factor, at));
    },
    [change, frame],
  );
  const release = useCallback((event: React.PointerEvent) => held.current.delete(event.pointerId), []);
  return {
    onPointerDown: (event: React.PointerEvent) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      held.current.set(event.pointerId, [event.clientX, event.clientY]);
    },
    onPointerMove: move,
    onPointerUp: release,
    onPointerCancel: release,
  };
}

function spread(points: readonly (readonly [number, number])[]): number {
  const [one, other] = points;
  return one && other ? Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1])) : 1;
}

function middle(points: readonly (readonly [number, number])[]): readonly [number, number] {
  const count = Math.max(1, points.length);
  return [points.reduce((sum, [x]) => sum + x, 0) / count, points.reduce((sum, [, y]) => sum + y, 0) / count];
}

function fromMiddle(element: HTMLElement | null, x: number, y: number): readonly [number, number] {
  const box = element?.getBoundingClientRect();
  return box ? [x - box.x - box.width / 2, y - box.y - box.height / 2] : [0, 0];
}
