import { describe, expect, test } from "vitest";
import { isKnown, type ListLine, listed, matching } from "../../src/widgets/choices";

const text = (line: ListLine): string =>
  line.kind === "heading" ? `# ${line.recent ? "recent" : line.text}` : `${" ".repeat(line.depth)}${line.name}`;

describe("a list without a search", () => {
  test("has folders under headings, and what was used lately first", () => {
    const choices = ["b.pt", "styles/ink.pt", "a.pt", "styles\\oil.pt", "old/deep/x.pt"];
    expect(listed(choices, ["styles/ink.pt", "gone.pt"]).map(text)).toEqual([
      "# recent",
      "ink.pt",
      "# ",
      "b.pt",
      "a.pt",
      "# old/deep",
      " x.pt",
      "# styles",
      " ink.pt",
      " oil.pt",
    ]);
  });

  test("keeps numbers and truth values as they are", () => {
    expect(listed([8, 16, true], [])).toMatchObject([{ choice: 8 }, { choice: 16 }, { choice: true }]);
  });
});

describe("a search", () => {
  const choices = ["other_dpm.pt", "x/sdxl_dpm.pt", "dpm_2", "a_dpmpp", "nodpmhere", "euler"];

  test("finds beginnings of names first, then beginnings of words, then the rest", () => {
    expect(matching(choices, "dpm").map(text)).toEqual([
      "dpm_2",
      "other_dpm.pt",
      "sdxl_dpm.pt",
      "a_dpmpp",
      "nodpmhere",
    ]);
  });

  test("wants every word, in any order and case", () => {
    expect(matching(choices, "SD dpm").map(text)).toEqual(["sdxl_dpm.pt"]);
    expect(matching(choices, "(").map(text)).toEqual([]);
  });

  test("of 5,000 names finds what is there", () => {
    const many = Array.from({ length: 5000 }, (_, place) => `folder${place % 50}/model_${place}.safetensors`);
    expect(matching(many, "model_4321").map(text)).toEqual(["model_4321.safetensors"]);
    expect(listed(many, []).length).toBe(5050);
  });
});

test("only the same value is a known one", () => {
  expect(isKnown([1, "2"], 1)).toBe(true);
  expect(isKnown([1, "2"], "1")).toBe(false);
});
