import { memo, useRef } from "react";
import type { Box } from "../../document/geometry";
import { extentOf, type Layout } from "../layout/layout";
import { covers } from "./view";

const ROOM = 4000; // canvas units around the graph, so that adding to it changes nothing
const FURTHEST = 150_000; // canvas units; what lies beyond is only slower

/** Beneath what moves with the view, unseen, and wherever something is: the style sheet tells what for. */
export const Ground = memo(function Ground({ layout }: { readonly layout: Layout | null }) {
  const before = useRef<Box | null>(null);
  const extent = layout && extentOf(layout);
  if (extent && !(before.current && covers(before.current, extent))) before.current = roomy(extent);
  if (!before.current) return null;
  const { x, y, width, height } = before.current;
  return <div className="ground" style={{ left: x, top: y, width, height }} />;
});

function roomy({ x, y, width, height }: Box): Box {
  const clamped = (at: number): number => Math.max(-FURTHEST, Math.min(FURTHEST, at));
  const [left, top] = [clamped(x - ROOM), clamped(y - ROOM)];
  return { x: left, y: top, width: clamped(x + width + ROOM) - left, height: clamped(y + height + ROOM) - top };
}
