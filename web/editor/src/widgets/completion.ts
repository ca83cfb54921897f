/** Completing the names of embeddings in prompts: `embedding:na` offers those that have "na" in their names. */

/** The name that is being typed: its letters, and what of the text it takes the place of. */
export interface Completion {
  readonly typed: string;
  readonly start: number;
  readonly end: number;
}

const BEFORE = /(?:^|[^\w])embedding:([^\s,()[\]:]*)$/i;
const AFTER = /^[^\s,()[\]:]*/;

/** What is being typed at the caret; null when it is not the name of an embedding. */
export function completionAt(text: string, start: number, end: number): Completion | null {
  if (start !== end) return null;
  const typed = BEFORE.exec(text.slice(0, start))?.[1];
  if (typed === undefined) return null;
  const rest = AFTER.exec(text.slice(start))?.[0] ?? "";
  return { typed, start: start - typed.length, end: start + rest.length };
}

/** The names that fit, those that begin with what was typed first. */
export function fitting(names: readonly string[], typed: string, most: number): readonly string[] {
  const wanted = typed.toLowerCase();
  const found = names.filter((name) => name.toLowerCase().includes(wanted));
  const begins = (name: string): number => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => begins(a) - begins(b) || a.localeCompare(b)).slice(0, most);
}
