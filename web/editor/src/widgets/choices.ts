/** What a list of choices shows: all of it in folders, those used lately first; or what matches a search. */

import type { Json } from "../document/json";

export type Choice = string | number | boolean;

/** A line of the list. */
export type ListLine =
  | { readonly kind: "heading"; readonly text: string; readonly recent: boolean }
  | {
      readonly kind: "choice";
      readonly choice: Choice;
      /** The last part of its path. */
      readonly name: string;
      /** The folders before it; shown where the list is not in folders. */
      readonly folder: string;
      readonly depth: number;
    };

/** Every choice: those used lately, those in no folder, then folder after folder. */
export function listed(choices: readonly Choice[], recent: readonly string[]): readonly ListLine[] {
  const byText = new Map(choices.map((choice) => [String(choice), choice]));
  const lately = recent.flatMap((text) => byText.get(text) ?? []);
  const folders = new Map<string, Choice[]>();
  for (const choice of choices) {
    const [folder] = parts(choice);
    const list = folders.get(folder);
    if (list) list.push(choice);
    else folders.set(folder, [choice]);
  }
  const lines: ListLine[] = [];
  const loose = (folders.get("") ?? []).map((choice) => lineOf(choice, 0));
  if (lately.length > 0 && choices.length > lately.length) {
    lines.push({ kind: "heading", text: "", recent: true }, ...lately.map((choice) => lineOf(choice, 0)));
    if (loose.length > 0) lines.push({ kind: "heading", text: "", recent: false });
  }
  lines.push(...loose);
  for (const folder of [...folders.keys()].filter((name) => name !== "").sort()) {
    lines.push({ kind: "heading", text: folder, recent: false });
    lines.push(...(folders.get(folder) ?? []).map((choice) => lineOf(choice, 1)));
  }
  return lines;
}

/** The choices that have every word of a search in them, best first. */
export function matching(choices: readonly Choice[], search: string): readonly ListLine[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = choices.flatMap((choice, place) => {
    const rank = rankOf(String(choice).toLowerCase(), words);
    return rank === null ? [] : [{ choice, rank, place }];
  });
  found.sort((a, b) => a.rank - b.rank || a.place - b.place);
  return found.map(({ choice }) => lineOf(choice, 0));
}

/** Whether a saved value is one of the choices. */
export function isKnown(choices: readonly Choice[], value: Json): boolean {
  return choices.some((choice) => choice === value);
}

/** 0: the name begins with the search, 1: a word of it does, 2: it is somewhere; null: a word is missing. */
function rankOf(text: string, words: readonly string[]): number | null {
  if (!words.every((word) => text.includes(word))) return null;
  const [first = ""] = words;
  const name = text.slice(Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\")) + 1);
  if (name.startsWith(first)) return 0;
  return new RegExp(`(^|[^a-z0-9])${escaped(first)}`).test(text) ? 1 : 2;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function lineOf(choice: Choice, depth: number): ListLine {
  const [folder, name] = parts(choice);
  return { kind: "choice", choice, name, folder: depth === 0 ? folder : "", depth };
}

function parts(choice: Choice): [folder: string, name: string] {
  const text = String(choice);
  const cut = Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\"));
  return [text.slice(0, Math.max(0, cut)), text.slice(cut + 1)];
}
