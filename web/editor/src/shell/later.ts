/** Parts of the editor that are loaded after it can be used, so that it can be used sooner. */

import { type ComponentType, lazy, type LazyExoticComponent } from "react";

export interface Later<P> {
  readonly Component: LazyExoticComponent<ComponentType<P>>;
  /** Load it now, so that it is there when it is wanted, also if the server is not by then. */
  readonly load: () => Promise<unknown>;
}

/** A component that is loaded when it is first shown, or by `load`. */
export function later<P>(load: () => Promise<ComponentType<P>>): Later<P> {
  let loading: Promise<{ readonly default: ComponentType<P> }> | undefined;
  const once = (): Promise<{ readonly default: ComponentType<P> }> => {
    loading ??= load().then(
      (component) => ({ default: component }),
      (error: unknown) => {
        loading = undefined; // The next one who wants it may have more luck.
        throw error;
      },
    );
    return loading;
  };
  return { Component: lazy(once), load: once };
}
