import { describe, expect, it } from "vitest";
import { LANGUAGES, textIn } from "../../src/i18n/messages";

const english: Readonly<Record<string, string>> = LANGUAGES["en"]?.messages ?? {};

describe.each(Object.entries(LANGUAGES))("the messages in %s", (_tag, { messages }) => {
  it("are the same ones as in English", () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(english).sort());
  });
  it.each(Object.entries(english))("take the same values: %s", (key, text) => {
    const values = (message: string): string[] => [...message.matchAll(/\{\w+\}/g)].map(([value]) => value).sort();
    expect(values((messages as Readonly<Record<string, string>>)[key] ?? "")).toEqual(values(text));
  });
});

describe("a text", () => {
  it("has its values filled in", () => {
    expect(textIn("en")("shell.closeTab", { name: "a" })).toBe("Close a");
    expect(textIn("de")("shell.closeTab", { name: "a" })).toBe("a schließen");
  });
  it("counts one thing, and several", () => {
    expect([1, 0, 2].map((count) => textIn("en")("gallery.total", { count }))).toEqual([
      "1 picture",
      "0 pictures",
      "2 pictures",
    ]);
    expect(textIn("de")("gallery.total", { count: 1 })).toBe("1 Bild");
  });
  it("is English in a language that is not there", () => {
    expect(textIn("xx")("shell.close")).toBe("Close");
  });
});
