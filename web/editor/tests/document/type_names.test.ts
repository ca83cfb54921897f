import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCES = join(import.meta.dirname, "../../src");
const REFERENCE = join(import.meta.dirname, "../../../../../shared/reference/nodes.json");
/** The place for names that the file format demands. */
const ALLOWED = join("document", "virtual.ts");
/** Looked for where the list of all stock types is not there. */
const SOME = ["CheckpointLoaderSimple", "CLIPTextEncode", "KSampler", "LoadImage", "SaveImage", "VAEDecode"];
const VIRTUAL = ["Reroute", "PrimitiveNode", "Note", "MarkdownNote"];

function sources(): string[] {
  const files = readdirSync(SOURCES, { recursive: true });
  return files.filter((file) => /\.tsx?$/.test(file) && file !== ALLOWED);
}

/** The texts of a source file; comments and names of variables do not count. */
function literals(code: string): string[] {
  const plain = code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  const found = plain.matchAll(/"([^"\\\n]*)"|'([^'\\\n]*)'|`([^`]*)`/g);
  return [...found].map(([, double, single, template]) => double ?? single ?? template ?? "");
}

function typeNames(): ReadonlySet<string> {
  const stock = existsSync(REFERENCE) ? Object.keys(JSON.parse(readFileSync(REFERENCE, "utf8")) as object) : SOME;
  return new Set([...stock, ...VIRTUAL]);
}

test("no source file but one knows a node type by name", () => {
  const names = typeNames();
  const files = sources();
  expect(files.length).toBeGreaterThan(100);
  const known = files.flatMap((file) =>
    literals(readFileSync(join(SOURCES, file), "utf8"))
      .filter((text) => names.has(text))
      .map((text) => `${file}: ${text}`),
  );
  expect(known).toEqual([]);
});

test("the search finds names in texts alone", () => {
  const code = `// "KSampler"\nconst a = "KSampler"; /* 'Note' */ const b = \`Note\`;`;
  expect(literals(code).filter((text) => typeNames().has(text))).toEqual(["KSampler", "Note"]);
});
