/**
 * Weights in prompts: `(word:1.1)` makes a word count more, `(word:0.9)` less, `(word)` is 1.1.
 *
 * Ctrl+Up and Ctrl+Down change the weight of what is selected, or of the word at the caret.
 */

/** A text with what is selected in it. */
export interface Selected {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A group in brackets: where it begins and ends (brackets included), what it holds, and its weight. */
interface Weighted {
  readonly start: number;
  readonly end: number;
  readonly content: string;
  readonly weight: number;
}

const STEP = 0.05;
const BARE_WEIGHT = 1.1; // of brackets without a number
const WORD = /embedding:[^\s,()]+|[^\s,.;:!?()[\]{}|"\\]+/g;
const WITH_WEIGHT = /^([\s\S]*):\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$/;

/** The text with the weight moved by a number of steps of 0.05; the same object where there is nothing to weigh. */
export function withWeight(selected: Selected, steps: number): Selected {
  const target = targetOf(selected);
  if (!target) return selected;
  const weight = Math.round((target.weight + steps * STEP) * 100) / 100;
  const written = weight === 1 ? target.content : `(${target.content}:${weight})`;
  const text = selected.text.slice(0, target.start) + written + selected.text.slice(target.end);
  return { text, start: target.start, end: target.start + written.length };
}

function targetOf({ text, start, end }: Selected): Weighted | null {
  const groups = groupsOf(text);
  if (start === end) {
    const inside = groups.filter((group) => group.start < start && start < group.end);
    return inside.sort((a, b) => a.end - a.start - (b.end - b.start))[0] ?? wordAt(text, start);
  }
  let from = start;
  let to = end;
  while (from < to && /\s/.test(text.charAt(from))) from += 1;
  while (to > from && /\s/.test(text.charAt(to - 1))) to -= 1;
  if (from === to) return null;
  const whole = groups.find((group) => group.start === from && group.end === to);
  if (whole) return whole;
  const content = text.slice(from, to);
  const around = groups.find((group) => group.start + 1 === from && group.content === content);
  return around ?? { start: from, end: to, content, weight: 1 };
}

/** The word that the caret is in, or that it touches. */
function wordAt(text: string, caret: number): Weighted | null {
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (index > caret) return null;
    if (caret <= index + word.length) return { start: index, end: index + word.length, content: word, weight: 1 };
  }
  return null;
}

/** Every pair of round brackets that is not escaped (`\(`). */
function groupsOf(text: string): Weighted[] {
  const groups: Weighted[] = [];
  const open: number[] = [];
  for (let place = 0; place < text.length; place += 1) {
    const character = text[place];
    if (character === "\\") place += 1;
    else if (character === "(") open.push(place);
    else if (character === ")") {
      const start = open.pop();
      if (start !== undefined) groups.push(group(text, start, place + 1));
    }
  }
  return groups;
}

function group(text: string, start: number, end: number): Weighted {
  const inside = text.slice(start + 1, end - 1);
  const [, content, weight] = WITH_WEIGHT.exec(inside) ?? [];
  if (content === undefined || weight === undefined) return { start, end, content: inside, weight: BARE_WEIGHT };
  return { start, end, content, weight: Number(weight) };
}
