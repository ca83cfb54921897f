/** What a person chose in the mask editor, remembered for the next mask. */

export const TOOLS = ["brush", "rectangle", "lasso", "fill"] as const;
export type Tool = (typeof TOOLS)[number];

export const LOOKS = ["overlay", "mask", "picture"] as const;
export type Look = (typeof LOOKS)[number];

export interface MaskSettings {
  readonly tool: Tool;
  readonly erases: boolean;
  /** The brush's diameter in pixels of the picture. */
  readonly size: number;
  /** 0 to 100, as all shares here. */
  readonly hardness: number;
  readonly opacity: number;
  /** The pressure of a pen makes the brush wider. */
  readonly pressure: boolean;
  /** By how much colours may differ to be filled together, 0 to 255. */
  readonly tolerance: number;
  /** Only what hangs together with the chosen place is filled. */
  readonly connected: boolean;
  /** What has to be similar. */
  readonly compares: "picture" | "mask";
  readonly look: Look;
  /** `#rrggbb`. */
  readonly colour: string;
  readonly cover: number;
  readonly soften: number; // pixels
  readonly grow: number; // pixels
  readonly threshold: number;
}

/** What sliders go from and to. */
export const RANGES = {
  size: [1, 1000],
  hardness: [0, 100],
  opacity: [1, 100],
  tolerance: [0, 255],
  cover: [10, 100],
  soften: [1, 200],
  grow: [1, 64],
  threshold: [1, 100],
} as const satisfies Partial<Record<keyof MaskSettings, readonly [number, number]>>;
export type Range = keyof typeof RANGES;

export const DEFAULTS: MaskSettings = {
  tool: "brush",
  erases: false,
  size: 60,
  hardness: 80,
  opacity: 100,
  pressure: true,
  tolerance: 24,
  connected: true,
  compares: "picture",
  look: "overlay",
  colour: "#ff2d6f",
  cover: 60,
  soften: 8,
  grow: 8,
  threshold: 50,
};

const KEY = "weft.masks";

/** The settings of last time; what is missing or of the wrong kind is as it is at first. */
export function readSettings(storage: Storage): MaskSettings {
  const kept = parsed(storage.getItem(KEY));
  const entries = Object.entries(DEFAULTS).map(([name, value]) => {
    const before = kept[name];
    return [name, typeof before === typeof value ? before : value];
  });
  return usable({ ...DEFAULTS, ...(Object.fromEntries(entries) as MaskSettings), erases: false, look: "overlay" });
}

/** The brush to begin with: that of last time, unless it would cover much of a picture whose longer side is `side`. */
export function fittingBrush(size: number, side: number): number {
  return size > side / 4 ? Math.max(1, Math.round(side * 0.08)) : size;
}

export function writeSettings(storage: Storage, settings: MaskSettings): void {
  const kept = Object.keys(DEFAULTS).map((name) => [name, settings[name as keyof MaskSettings]]);
  try {
    storage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // A full or forbidden storage: they last as long as the page.
  }
}

/** A number within the range of its slider. */
export function inRange(name: Range, value: number): number {
  const [least, most] = RANGES[name];
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : least;
}

function usable(settings: MaskSettings): MaskSettings {
  const numbers = (Object.keys(RANGES) as Range[]).map((name) => [name, inRange(name, settings[name])]);
  return {
    ...settings,
    ...(Object.fromEntries(numbers) as Pick<MaskSettings, Range>),
    tool: TOOLS.includes(settings.tool) ? settings.tool : DEFAULTS.tool,
    compares: settings.compares === "mask" ? "mask" : "picture",
    colour: /^#[0-9a-f]{6}$/i.test(settings.colour) ? settings.colour : DEFAULTS.colour,
  };
}

function parsed(text: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
