/** The colours of both themes, measured as WCAG 2.2 defines contrast. */

import { describe, expect, it } from "vitest";
import css from "../../src/style/tokens.css?raw";

/** The custom properties of the block that a selector begins. */
function tokens(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(selector));
  const body = block.slice(block.indexOf("{") + 1, block.indexOf("\n}"));
  return new Map(
    [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map(([, name = "", value = ""]) => [name, value]),
  );
}

const dark = tokens(":root {");
const themes = { dark, light: new Map([...dark, ...tokens(':root[data-theme="light"]')]) };

/** Relative luminance, 0 for black to 1 for white. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
}

const TEXTS: readonly (readonly [string, readonly string[]])[] = [
  ["text", ["surface", "surface-raised", "surface-sunken", "canvas", "node", "node-title", "bad-surface"]],
  ["text-dim", ["surface", "surface-raised", "surface-sunken", "canvas", "node", "node-title"]],
  ["on-accent", ["accent"]],
  ["bad", ["surface-raised", "node"]],
];
const MARKS: readonly (readonly [string, readonly string[]])[] = [
  ["accent", ["surface", "node", "canvas"]],
  ["focus", ["surface", "surface-raised", "node", "canvas"]],
  ["good", ["surface-raised", "node"]],
  ["warn", ["surface-raised", "node"]],
  ...[...dark.keys()].filter((name) => name.startsWith("socket-")).map((name) => [name, ["node"]] as const),
];

describe.each(Object.entries(themes))("the %s theme", (_name, theme) => {
  const colour = (name: string): string => {
    const found = theme.get(name);
    if (found === undefined) throw new Error(`There is no colour --${name}.`);
    return found;
  };
  it.each(TEXTS.flatMap(([text, grounds]) => grounds.map((ground) => [text, ground] as const)))(
    "%s is legible on %s",
    (text, ground) => {
      expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
    },
  );
  it.each(MARKS.flatMap(([mark, grounds]) => grounds.map((ground) => [mark, ground] as const)))(
    "%s stands out on %s",
    (mark, ground) => {
      expect(contrast(colour(mark), colour(ground))).toBeGreaterThanOrEqual(3);
    },
  );
});
