/** What the parts of the canvas get from it without asking the stores: a thousand nodes would ask. */

import { createContext, useContext } from "react";
import type { CanvasEngine } from "./engine";

export interface Shown {
  /** Null until the canvas has its element. */
  readonly engine: CanvasEngine | null;
  readonly tab: string;
  /** What ids of the shown graph's nodes begin with on the server. */
  readonly prefix: string;
}

export const ShownContext = createContext<Shown>({ engine: null, tab: "", prefix: "" });

export function useShown(): Shown {
  return useContext(ShownContext);
}
