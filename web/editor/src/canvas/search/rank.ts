/** Finding node types by a few letters. */

import type { NodeSchema } from "../../document/schema";

/**
 * The types that fit what was typed, best first; all of them, in their order, when nothing was. Those that merely have
 * the letters of a word in its order count only while nothing has the word itself.
 */
export function ranked(schemas: readonly NodeSchema[], typed: string): readonly NodeSchema[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return schemas;
  let scored = schemas.flatMap((schema) => {
    const scores = words.map((word) => scoreOf(schema, word));
    const score = scores.reduce((sum, one) => sum + one, 0);
    return Number.isFinite(score) ? [{ schema, score, least: Math.min(...scores) }] : [];
  });
  if (scored.some(({ least }) => least >= SURE)) scored = scored.filter(({ least }) => least >= SURE);
  scored.sort(
    (one, other) => other.score - one.score || one.schema.displayName.length - other.schema.displayName.length,
  );
  return scored.map(({ schema }) => schema);
}

const SURE = 10; // at least so much where a word stands as it was typed; less where only its letters are there, spread

/** Higher is better; minus infinity where the word is not in it. */
function scoreOf(schema: NodeSchema, word: string): number {
  const name = schema.displayName.toLowerCase();
  const type = schema.type.toLowerCase();
  if (name === word || type === word) return 120;
  const parts = name.split(/[\s(/_-]+/);
  if (parts[0] === word) return 110;
  if (parts.includes(word)) return 105; // "lora" means "Load LoRA" before "LoraLoaderModelOnly"
  if (name.startsWith(word)) return 100;
  if (parts.some((part) => part.startsWith(word))) return 80;
  if (name.includes(word) || type.includes(word)) return 60;
  if (initials(schema.displayName).startsWith(word) || initials(schema.type).startsWith(word)) return 55;
  if (schema.category.toLowerCase().includes(word)) return 40;
  if (schema.description.toLowerCase().includes(word)) return SURE;
  const spread = spreadOf(name, word);
  return spread === null ? Number.NEGATIVE_INFINITY : Math.max(1, SURE - 1 - spread / 2);
}

/** `vd` finds "VAE Decode", and `cte` "CLIPTextEncode". */
function initials(name: string): string {
  const parts = name.split(/[\s_-]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);
  return parts
    .map((part) => part.charAt(0))
    .join("")
    .toLowerCase();
}

/** How many letters lie between those of a word that are in a text in their order; null where they are not. */
function spreadOf(text: string, word: string): number | null {
  let first = -1;
  let at = -1;
  for (const letter of word) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return null;
    if (first < 0) first = at;
  }
  return at - first + 1 - word.length;
}
