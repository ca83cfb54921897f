import { type PointerEvent, useEffect, useRef } from "react";
import { useText } from "../../i18n/use_text";
import { useSettings, useTab } from "../../state/studio";
import type { CanvasEngine } from "../engine";
import { around, extentOf, type Layout } from "../layout/layout";
import type { Box } from "../../document/geometry";
import { Mode } from "../../document/workflow";
import { mapTint } from "../scene/tints";

const WIDTH = 200;
const HEIGHT = 130;

/** The whole graph, small; the frame is what is seen, and is moved by dragging. */
export function Minimap({ engine, layout }: { readonly engine: CanvasEngine; readonly layout: Layout }) {
  const t = useText();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const selected = useTab((tab) => tab.selection.nodes);
  const theme = useSettings((settings) => settings.theme);
  const shown = useRef<Box>({ x: 0, y: 0, width: 1, height: 1 });
  useEffect(() => {
    shown.current = roomy(extentOf(layout));
    if (canvas.current) draw(canvas.current, engine, layout, shown.current, selected ?? new Set());
    if (frame.current) placeFrame(frame.current, engine, shown.current);
  }, [engine, layout, selected, theme]);
  useEffect(
    () =>
      engine.flow.subscribe(() => {
        if (frame.current) placeFrame(frame.current, engine, shown.current);
      }),
    [engine],
  );
  const go = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.buttons !== 1) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const corner = event.currentTarget.getBoundingClientRect();
    const scale = scaleOf(shown.current);
    const seen = engine.seen();
    const { zoom } = engine.view();
    const x = shown.current.x + (event.clientX - corner.x - offset(WIDTH, shown.current.width, scale)) / scale;
    const y = shown.current.y + (event.clientY - corner.y - offset(HEIGHT, shown.current.height, scale)) / scale;
    engine.goTo({ x: (seen.width / 2 - x) * zoom, y: (seen.height / 2 - y) * zoom, zoom });
  };
  return (
    <div className="minimap" role="img" aria-label={t("canvas.minimap")} onPointerDown={go} onPointerMove={go}>
      <canvas ref={canvas} width={WIDTH} height={HEIGHT} />
      <div ref={frame} className="minimap-frame" />
    </div>
  );
}

function roomy(box: Box | null): Box {
  const { x, y, width, height } = box ?? { x: 0, y: 0, width: 1000, height: 600 };
  const margin = Math.max(width, height) * 0.04;
  return (
    around([{ x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin }]) ?? {
      x,
      y,
      width,
      height,
    }
  );
}

function scaleOf(box: Box): number {
  return Math.min(WIDTH / box.width, HEIGHT / box.height);
}

function offset(room: number, length: number, scale: number): number {
  return (room - length * scale) / 2;
}

function draw(
  canvas: HTMLCanvasElement,
  engine: CanvasEngine,
  layout: Layout,
  box: Box,
  selected: ReadonlySet<string>,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = scaleOf(box);
  const left = offset(WIDTH, box.width, scale) - box.x * scale;
  const top = offset(HEIGHT, box.height, scale) - box.y * scale;
  context.clearRect(0, 0, WIDTH, HEIGHT);
  const fill = (one: Box, colour: string, alpha = 1): void => {
    context.globalAlpha = alpha;
    context.fillStyle = engine.paint.of(colour);
    context.fillRect(
      left + one.x * scale,
      top + one.y * scale,
      Math.max(1.5, one.width * scale),
      Math.max(1.5, one.height * scale),
    );
  };
  for (const group of layout.graph.groups ?? []) {
    const [x, y, width, height] = group.bounding;
    fill({ x, y, width, height }, mapTint(group), 0.35);
  }
  for (const place of layout.places.values()) {
    const isOff = place.node.mode === Mode.never || place.node.mode === Mode.bypass;
    const colour = selected.has(place.key) ? "var(--node-selected)" : mapTint(place.node);
    fill(place.box, colour, isOff ? 0.4 : 1);
  }
}

function placeFrame(frame: HTMLElement, engine: CanvasEngine, box: Box): void {
  const seen = engine.seen();
  const scale = scaleOf(box);
  const left = offset(WIDTH, box.width, scale) + (seen.x - box.x) * scale;
  const top = offset(HEIGHT, box.height, scale) + (seen.y - box.y) * scale;
  frame.style.transform = `translate(${left}px, ${top}px)`;
  frame.style.width = `${seen.width * scale}px`;
  frame.style.height = `${seen.height * scale}px`;
}
