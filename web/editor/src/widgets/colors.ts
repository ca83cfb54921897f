/** Colours of widgets: `#rrggbb` texts, or whole numbers 0xRRGGBB. */

import type { Json } from "../document/json";

/** A value as `#rrggbb`; null when it is no colour. */
export function colorOf(value: Json): string | null {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffffff) {
    return `#${value.toString(16).padStart(6, "0")}`;
  }
  return typeof value === "string" ? readColor(value) : null;
}

/** `#rrggbb` for what a person typed: with or without `#`, three or six digits; null when it is neither. */
export function readColor(text: string): string | null {
  const digits = /^\s*#?([0-9a-f]{3}|[0-9a-f]{6})\s*$/i.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) return null;
  return `#${digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits}`;
}

/** A colour as the widget's type keeps it. */
export function writeColor(color: string, type: string): Json {
  return type === "INT" ? Number.parseInt(color.slice(1), 16) : color;
}
