/** The colours of types: of the theme for those that it knows, else made from the type's name. */

import type { SlotType } from "../../document/workflow";

/** The colour of a type's sockets and links, as CSS. */
export function typeColour(type: SlotType): string {
  const name = firstOf(type);
  if (name === "*" || name === "0" || name === "") return "var(--socket-any)";
  const token = name.toLowerCase().replace(/[^a-z0-9_-]/g, "-");
  return `var(--socket-${token}, hsl(${hueOf(name)} var(--socket-other)))`;
}

function firstOf(type: SlotType): string {
  return String(type).split(",", 1)[0]?.trim() ?? "";
}

/** Always the same for the same name, and far apart for similar ones. */
function hueOf(name: string): number {
  let hash = 7;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return Math.round((hash * 137.508) % 360);
}

/** Reads what the theme makes of colours, for drawing on a canvas, which knows no custom properties. */
export class Paint {
  private readonly known = new Map<string, string>();
  /** The family that texts are written in. */
  readonly font: string;

  /** @param probe an element in the theme, which shows nothing itself. */
  constructor(private readonly probe: HTMLElement) {
    this.font = getComputedStyle(probe).fontFamily;
  }

  of(colour: string): string {
    const known = this.known.get(colour);
    if (known !== undefined) return known;
    this.probe.style.color = colour;
    const read = getComputedStyle(this.probe).color;
    this.known.set(colour, read);
    return read;
  }

  ofType(type: SlotType): string {
    return this.of(typeColour(type));
  }

  /** The theme changed. */
  forget(): void {
    this.known.clear();
  }
}
