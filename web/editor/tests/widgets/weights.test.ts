import { describe, expect, test } from "vitest";
import { withWeight } from "../../src/widgets/weights";

/** A text with `|` where the caret is, or `<` and `>` around what is selected. */
function selected(marked: string): { text: string; start: number; end: number } {
  const caret = marked.indexOf("|");
  if (caret >= 0) return { text: marked.replace("|", ""), start: caret, end: caret };
  const start = marked.indexOf("<");
  const end = marked.indexOf(">") - 1;
  return { text: marked.replace(/[<>]/g, ""), start, end };
}

function marked({ text, start, end }: { text: string; start: number; end: number }): string {
  return `${text.slice(0, start)}<${text.slice(start, end)}>${text.slice(end)}`;
}

describe("the weight of", () => {
  test.each([
    ["a red c|at", 1, "a red <(cat:1.05)>"],
    ["a red cat|", -1, "a red <(cat:0.95)>"],
    ["a |red, cat", 2, "a <(red:1.1)>, cat"],
    ["a <red cat> there", 1, "a <(red cat:1.05)> there"],
    ["a <red > cat", 1, "a <(red:1.05)>  cat"],
    ["a (red:1.1) c|at", 1, "a (red:1.1) <(cat:1.05)>"],
    ["a (r|ed:1.1) cat", 1, "a <(red:1.15)> cat"],
    ["a <(red:1.1)> cat", -1, "a <(red:1.05)> cat"],
    ["a (<red>:1.1) cat", -1, "a <(red:1.05)> cat"],
    ["a (re|d) cat", 1, "a <(red:1.15)> cat"],
    ["a (big re|d dog:0.5)", 1, "a <(big red dog:0.55)>"],
    ["((a:1.2) b|:1.5)", 1, "<((a:1.2) b:1.55)>"],
    ["((a|:1.2) b:1.5)", 1, "(<(a:1.25)> b:1.5)"],
    ["(big <red> dog:1.2)", 1, "(big <(red:1.05)> dog:1.2)"],
    ["an embedding:my-na|me.v2, x", 1, "an <(embedding:my-name.v2:1.05)>, x"],
    ["say \\(h|i\\)", 1, "say \\(<(hi:1.05)>\\)"],
  ])("%s by %d steps", (before, steps, after) => {
    expect(marked(withWeight(selected(before), steps))).toBe(after);
  });

  test("one is not written: the brackets go", () => {
    expect(marked(withWeight(selected("a <(red:1.05)> cat"), -1))).toBe("a <red> cat");
  });

  test("what was weighed stays selected, so that keys can be pressed again", () => {
    let state = selected("a c|at");
    for (let press = 0; press < 4; press += 1) state = withWeight(state, 1);
    expect(state.text).toBe("a (cat:1.2)");
    for (let press = 0; press < 4; press += 1) state = withWeight(state, -1);
    expect(state.text).toBe("a cat");
  });

  test("nothing is not weighed", () => {
    for (const text of ["|", "a  |  b", "< >a"]) {
      const before = selected(text);
      expect(withWeight(before, 1)).toBe(before);
    }
  });
});
