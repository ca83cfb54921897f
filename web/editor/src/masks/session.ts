/** One mask being edited: its pixels, what was done to it, and the tools. Knows nothing of the screen. */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { LoadedPicture } from "./picture";
import type { Bitmap, Rect } from "./pixels/bitmap";
import { MaskHistory } from "./pixels/history";
import type { Dab } from "./pixels/stroke";
import { fittingBrush, type MaskSettings, readSettings, writeSettings } from "./settings";

export interface MaskState extends MaskSettings {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** There is something that was not saved. */
  readonly isChanged: boolean;
  /** Something that takes long is being done: nothing else can be begun. */
  readonly isBusy: boolean;
  /** The browser could not do what was last asked for. */
  readonly hasFailed: boolean;
}

const UNTOUCHED = { canUndo: false, canRedo: false, isChanged: false, isBusy: false, hasFailed: false };

/** Changes the mask and tells which region changed; null: nothing did. */
export type Operation = (history: MaskHistory) => Rect | null | Promise<Rect | null>;

export class MaskSession {
  readonly mask: Bitmap;
  readonly history: MaskHistory;
  readonly store: StoreApi<MaskState>;
  /** Where the last stroke ended: straight lines begin there. */
  lastPlace: Dab | null = null;
  readonly #listeners = new Set<(rect: Rect) => void>();
  #saved = 0;
  #work: Promise<void> = Promise.resolve();
  #waiting = 0; // tasks that are not done

  constructor(
    readonly picture: LoadedPicture,
    readonly storage: Storage,
  ) {
    this.mask = picture.mask;
    this.history = new MaskHistory(this.mask);
    const settings = readSettings(storage);
    const size = fittingBrush(settings.size, Math.max(this.mask.width, this.mask.height));
    this.store = createStore<MaskState>(() => ({ ...settings, size, ...UNTOUCHED }));
  }

  get state(): MaskState {
    return this.store.getState();
  }

  /** Whether something would be lost: it was changed, or is just being changed, since it was saved. */
  get isUnsaved(): boolean {
    return this.state.isChanged || this.state.isBusy;
  }

  set(change: Partial<MaskSettings>): void {
    this.store.setState(change);
    writeSettings(this.storage, this.state);
  }

  /** Hear of regions that changed; the answer ends it. */
  listen(listener: (rect: Rect) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Say that a region changed. */
  changed(rect: Rect | null): void {
    if (rect) for (const listener of this.#listeners) listener(rect);
  }

  /** End a step of undoing. */
  commit(): void {
    this.history.commit();
    this.#tell();
  }

  undo(): void {
    this.#after(() => this.#step(this.history.undo()));
  }

  redo(): void {
    this.#after(() => this.#step(this.history.redo()));
  }

  /** Do something to the mask that may take long, as one step of undoing; after what is still being done. */
  apply(operation: Operation): Promise<void> {
    return this.alone(() => this.#run(operation));
  }

  /** Do something, which never rejects, while nothing else changes the mask; after what is still being done. */
  alone(task: () => Promise<void>): Promise<void> {
    const before = this.#work;
    this.#waiting += 1;
    this.store.setState({ isBusy: true, hasFailed: false });
    this.#work = (async () => {
      await before;
      await task();
      this.#waiting -= 1;
      this.store.setState({ isBusy: this.#waiting > 0 });
    })();
    return this.#work;
  }

  /** The mask as it is now lies on the server. */
  markSaved(): void {
    this.#saved = this.history.state;
    this.#tell();
  }

  async #run(operation: Operation): Promise<void> {
    await nextFrame(); // so that it shows first
    try {
      this.changed(await operation(this.history));
      this.history.commit();
    } catch {
      // The browser has no memory left for it, or lost the picture.
      this.changed(this.history.rollback());
      this.store.setState({ hasFailed: true });
    }
    this.#tell();
  }

  /** At once, or after what is being done. */
  #after(act: () => void): void {
    if (this.state.isBusy) void this.#work.then(act);
    else act();
  }

  #step(changed: Rect | null): void {
    this.changed(changed);
    this.#tell();
  }

  #tell(): void {
    const { canUndo, canRedo, state } = this.history;
    this.store.setState({ canUndo, canRedo, isChanged: state !== this.#saved });
  }
}

function nextFrame(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
