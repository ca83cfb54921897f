/** Colours of files, made to fit the theme: their hue, with a lightness at which the theme's text can be read. */

interface Coloured {
  readonly color?: string;
  readonly bgcolor?: string;
}

/** Of titles and groups. */
export function titleTint({ color, bgcolor }: Coloured): string {
  const colour = color ?? bgcolor;
  return colour ? `oklch(from ${colour} var(--tint-title-l) min(c * 2.4, var(--tint-title-c)) h)` : "var(--node-title)";
}

export function bodyTint({ color, bgcolor }: Coloured): string {
  const colour = bgcolor ?? color;
  return colour ? `oklch(from ${colour} var(--tint-body-l) min(c * 2, var(--tint-body-c)) h)` : "var(--node)";
}

/** On the minimap, where they have to stand out. */
export function mapTint({ color, bgcolor }: Coloured): string {
  const colour = color ?? bgcolor;
  return colour ? `oklch(from ${colour} var(--tint-map-l) min(c * 2.4, 0.12) h)` : "var(--minimap-node)";
}
