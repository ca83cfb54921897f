import { expect, it } from "vitest";
import { ranked } from "../../src/canvas/search/rank";
import { plainSchema } from "../../src/document/schema";

const NAMES = {
  LoraLoader: "Load LoRA",
  LoraLoaderModelOnly: "LoraLoaderModelOnly",
  VAEDecode: "VAE Decode",
  VAELoader: "Load VAE",
  ImageOnlyCheckpointLoader: "Image Only Checkpoint Loader",
};
const ALL = Object.entries(NAMES).map(([type, displayName]) => plainSchema(type, { displayName }));

const found = (typed: string): readonly string[] => ranked(ALL, typed).map(({ type }) => type);

it("finds a whole word of a name before a longer word that begins with it", () => {
  expect(found("lora").slice(0, 2)).toEqual(["LoraLoader", "LoraLoaderModelOnly"]);
});

it("finds names that begin with a word before those that have it later", () => {
  expect(found("vae").slice(0, 2)).toEqual(["VAEDecode", "VAELoader"]);
});

it("finds initials, several words in any order, and leaves out the rest", () => {
  expect(found("vd")[0]).toBe("VAEDecode");
  expect(found("loader image")).toEqual(["ImageOnlyCheckpointLoader"]);
  expect(found("xyz")).toEqual([]);
});
