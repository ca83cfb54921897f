import { describe, expect, test } from "vitest";
import { colorOf, readColor, writeColor } from "../../src/widgets/colors";
import { completionAt, fitting } from "../../src/widgets/completion";
import { fileOf, nameOf, pictureAddress } from "../../src/widgets/file_names";
import { recentChoices, rememberChoice } from "../../src/widgets/recent";

describe("names of files", () => {
  test.each([
    ["cat.png", { filename: "cat.png", subfolder: "", type: "input" }],
    ["people/my cat.png", { filename: "my cat.png", subfolder: "people", type: "input" }],
    ["a/b/c.png [output]", { filename: "c.png", subfolder: "a/b", type: "output" }],
    ["odd [name].png", { filename: "odd [name].png", subfolder: "", type: "input" }],
  ])("%s", (name, file) => {
    expect(fileOf(name)).toEqual(file);
    expect(nameOf(file)).toBe(name);
  });

  test("an empty name is no file", () => {
    expect(fileOf("")).toBeNull();
    expect(fileOf("folder/")).toBeNull();
  });

  test("addresses are escaped", () => {
    expect(pictureAddress({ filename: "a&b.png", subfolder: "", type: "input" }, 64)).toContain("filename=a%26b.png");
  });
});

test("colours are texts or numbers", () => {
  expect(colorOf(0xff8000)).toBe("#ff8000");
  expect(colorOf("#0F8")).toBe("#00ff88");
  expect(colorOf("red")).toBeNull();
  expect(colorOf(-1)).toBeNull();
  expect(readColor("abcdef")).toBe("#abcdef");
  expect(writeColor("#00ff88", "INT")).toBe(0x00ff88);
  expect(writeColor("#00ff88", "STRING")).toBe("#00ff88");
});

describe("names of embeddings", () => {
  test("are completed at the caret only", () => {
    const at = "a (embedding:ea".length;
    expect(completionAt("a (embedding:easy:1.2), b", at, at)).toEqual({ typed: "ea", start: 13, end: 17 });
    expect(completionAt("embedding:", 10, 10)).toEqual({ typed: "", start: 10, end: 10 });
    expect(completionAt("embedding:x y", 13, 13)).toBeNull();
    expect(completionAt("embedding:x", 3, 11)).toBeNull();
    expect(completionAt("myembedding:x", 13, 13)).toBeNull();
  });

  test("that begin with what is typed come first", () => {
    expect(fitting(["soft/bad", "badhands", "good", "Bad2"], "bad", 2)).toEqual(["Bad2", "badhands"]);
  });
});

test("choices of lately are kept by input, newest first, each once, and not without end", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => kept.set(key, text),
  };
  const browser = storage as unknown as Storage;
  for (const name of ["a", "b", "a", "c", "d", "e", "f"]) rememberChoice(browser, "ckpt_name", name);
  rememberChoice(browser, "vae_name", "v");
  expect(recentChoices(browser, "ckpt_name")).toEqual(["f", "e", "d", "c", "a"]);
  expect(recentChoices(browser, "vae_name")).toEqual(["v"]);
  kept.set("weft.recent_choices", "not json");
  expect(recentChoices(browser, "ckpt_name")).toEqual([]);
});
