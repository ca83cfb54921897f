/** Undo and redo without end: former versions share what did not change, so keeping them costs little. */

export interface Version<T> {
  readonly value: T;
  /** What led to it, a message key: "edit.move". */
  readonly label: string;
}

export interface History<T> {
  readonly past: readonly Version<T>[];
  readonly present: Version<T>;
  readonly future: readonly Version<T>[];
  /** Edits that follow each other with the same key become one: a drag, the letters of a word. */
  readonly mergeKey: string | null;
}

/** A history that begins here. */
export function begin<T>(value: T): History<T> {
  return { past: [], present: { value, label: "" }, future: [], mergeKey: null };
}

/** Go on to a new version; nothing happens when the value is the present one. */
export function advance<T>(history: History<T>, value: T, label: string, mergeKey: string | null = null): History<T> {
  if (value === history.present.value) return history;
  const merges = mergeKey !== null && mergeKey === history.mergeKey;
  const past = merges ? history.past : [...history.past, history.present];
  return { past, present: { value, label }, future: [], mergeKey };
}

/** The next edit begins a version of its own, whatever its key: the pointer was let go, the field was left. */
export function seal<T>(history: History<T>): History<T> {
  return history.mergeKey === null ? history : { ...history, mergeKey: null };
}

/** Back by one version; the same history when there is none. */
export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: before,
    future: [history.present, ...history.future],
    mergeKey: null,
  };
}

/** Forward by one version; the same history when there is none. */
export function redo<T>(history: History<T>): History<T> {
  const [next, ...rest] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future: rest, mergeKey: null };
}
