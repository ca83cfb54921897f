/** Colours of files on the minimap: as on the canvas, they are made to fit the theme. */
export function titleTint(colour: string | undefined): string {
  if (!colour) return "var(--minimap-node)";
  return `oklch(from ${colour} var(--tint-map-l) min(c * 2.4, 0.12) h)`;
}
