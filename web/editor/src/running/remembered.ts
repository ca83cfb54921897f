/** Which jobs this tab of the browser queued, kept over a reload. */

const KEY = "weft.runs";
const MOST = 60;

export interface Remembered {
  readonly prompt: string;
  readonly tab: string;
  /** Of nodes that were added to show results: whose they are. */
  readonly probes?: readonly (readonly [string, string])[];
}

/** Oldest first. */
export function rememberedRuns(storage: Storage): readonly Remembered[] {
  try {
    const read: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(read) ? read.filter(isRemembered) : [];
  } catch {
    return []; // Not written by this editor; the next run is written over it.
  }
}

export function rememberRun(storage: Storage, run: Remembered): void {
  const others = rememberedRuns(storage).filter((one) => one.prompt !== run.prompt);
  storage.setItem(KEY, JSON.stringify([...others, run].slice(-MOST)));
}

export function forgetRun(storage: Storage, prompt: string): void {
  storage.setItem(KEY, JSON.stringify(rememberedRuns(storage).filter((one) => one.prompt !== prompt)));
}

function isRemembered(value: unknown): value is Remembered {
  const one = value as Partial<Remembered> | null;
  return typeof one?.prompt === "string" && typeof one.tab === "string";
}
