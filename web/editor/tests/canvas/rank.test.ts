import { describe, expect, it } from "vitest";
import { ranked } from "../../src/canvas/search/rank";
import { plainSchema } from "../../src/document/schema";

const TYPES = [
  plainSchema("KSampler", { displayName: "KSampler", category: "sampling" }),
  plainSchema("VAEDecode", { displayName: "VAE Decode", category: "latent" }),
  plainSchema("VAEDecodeTiled", { displayName: "VAE Decode (Tiled)", category: "_for_testing" }),
  plainSchema("LoadImage", { displayName: "Load Image", category: "image", description: "Reads a picture." }),
];

const found = (typed: string): string[] => ranked(TYPES, typed).map((schema) => schema.type);

describe("finding node types", () => {
  it("gives everything while nothing is typed", () => {
    expect(found(" ")).toEqual(TYPES.map((schema) => schema.type));
  });
  it("puts the closest name first", () => {
    expect(found("vae decode")).toEqual(["VAEDecode", "VAEDecodeTiled"]);
    expect(found("vd")[0]).toBe("VAEDecode");
  });
  it("finds by category, by spread letters and by description", () => {
    expect(found("sampling")).toEqual(["KSampler"]);
    expect(found("ldimg")).toEqual(["LoadImage"]);
    expect(found("picture")).toEqual(["LoadImage"]);
  });
  it("leaves out what has only the letters, where something has the word", () => {
    const types = [
      plainSchema("Canny", { displayName: "Canny", category: "image/preprocessors" }),
      plainSchema("CrossMultiply", { displayName: "Cross Attention Anyhow", category: "patches" }),
    ];
    expect(ranked(types, "canny").map((schema) => schema.type)).toEqual(["Canny"]);
    expect(ranked(types, "cny").map((schema) => schema.type)).toEqual(["Canny", "CrossMultiply"]);
  });
  it("wants every word", () => {
    expect(found("vae picture")).toEqual([]);
  });
});
