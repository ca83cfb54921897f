import { expect, test } from "vitest";
import { readBytes, readFile } from "../../src/document/embedded";
import { WorkflowError } from "../../src/document/problems";
import { bytes, deflated, exif, jpeg, png, safetensors, webp } from "./files";

const WORKFLOW = {
  nodes: [{ id: 7, type: "Note", pos: [0, 0], widgets_values: ["grün – 緑"] }],
  links: [],
  version: 0.4,
};
const TEXT = JSON.stringify(WORKFLOW);
const PROMPT = '{"3": {"class_type": "Thing", "inputs": {"a": NaN}}}';

const FILES: readonly (readonly [string, () => Uint8Array | Promise<Uint8Array>])[] = [
  [
    "PNG with tEXt",
    () => png(["IHDR", bytes("abc")], ["tEXt", bytes("prompt", 0, PROMPT)], ["tEXt", bytes("workflow", 0, TEXT)]),
  ],
  ["PNG with zTXt", async () => png(["zTXt", bytes("workflow", 0, 0, await deflated(TEXT))])],
  ["PNG with iTXt", () => png(["iTXt", bytes("workflow", 0, 0, 0, "en", 0, "w", 0, TEXT)])],
  ["PNG with packed iTXt", async () => png(["iTXt", bytes("workflow", 0, 1, 0, 0, 0, await deflated(TEXT))])],
  ["PNG with Exif", () => png(["eXIf", exif([[0x010f, `workflow:${TEXT}`]], false)])],
  [
    "WEBP",
    () =>
      webp(
        exif(
          [
            [0x010f, `workflow:${TEXT}`],
            [0x0110, `prompt:${PROMPT}`],
          ],
          true,
        ),
      ),
  ],
  ["WEBP with a header before its Exif", () => webp(bytes("Exif", 0, 0, exif([[0x010f, `Workflow: ${TEXT}`]], true)))],
  [
    "JPEG",
    () =>
      jpeg(
        exif(
          [
            [0x010e, "holiday"],
            [0x010f, `workflow:${TEXT}`],
          ],
          false,
        ),
      ),
  ],
  [
    "AVIF",
    () => bytes(0, 0, 0, 20, "ftypavif", 0, 0, 0, 0, "mif1", "meta", exif([[0x010f, `workflow:${TEXT}`]], true)),
  ],
  [".latent", () => safetensors({ __metadata__: { workflow: TEXT, prompt: PROMPT }, latent_tensor: {} })],
  ["JSON", () => bytes(TEXT)],
  ["JSON with a byte order mark", () => bytes(0xef, 0xbb, 0xbf, TEXT)],
];

test.each(FILES)("%s: the workflow is found", async (_, make) => {
  const { workflow, kind } = await readBytes(await make());
  expect(workflow).toEqual(WORKFLOW);
  expect(kind).toBe("ui");
});

test("a file with a prompt alone is laid out, numbers that JSON lacks become nothing", async () => {
  const read = await readBytes(png(["tEXt", bytes("prompt", 0, PROMPT)]));
  expect(read.kind).toBe("api");
  expect(read.workflow.nodes.map((node) => [node.id, node.type])).toEqual([[3, "Thing"]]);
  expect(read.problems.map((problem) => problem.code)).toEqual(["not_finite"]);
});

test("of a model file only the header is read", async () => {
  const header = safetensors({ __metadata__: { workflow: TEXT } });
  const asked: number[] = [];
  const file = {
    name: "x.safetensors",
    size: 12e9,
    slice: (from: number, to: number) => {
      asked.push(to);
      return new Blob([new Uint8Array(header.subarray(from, to))]);
    },
  } as unknown as File;
  expect((await readFile(file)).workflow).toEqual(WORKFLOW);
  expect(Math.max(...asked)).toBeLessThan(header.length);
});

const FAILURES: readonly (readonly [string, () => Uint8Array | Promise<Uint8Array>, string])[] = [
  ["a picture without metadata", () => png(["IHDR", bytes("abc")]), "no_metadata"],
  ["a JPEG without metadata", () => bytes(0xff, 0xd8, 0xff, 0xda, 0, 0), "no_metadata"],
  ["a model", () => safetensors({ __metadata__: { format: "pt" } }), "no_metadata_tensors"],
  ["a cut PNG", () => png(["tEXt", bytes("workflow", 0, TEXT)]).subarray(0, 60), "broken_metadata"],
  ["a damaged text", () => png(["zTXt", bytes("workflow", 0, 0, "no deflate")]), "broken_metadata"],
  ["a cut workflow", () => png(["tEXt", bytes("workflow", 0, TEXT.slice(0, 40))]), "broken_metadata"],
  ["another file", () => bytes("PK", 3, 4, 0, 0, 0, 0, 0, 0, 0, 0), "unknown_file"],
  ["an empty file", () => bytes(), "empty"],
  ["a text", () => bytes("hello"), "not_json"],
];

test.each(FAILURES)("%s is refused with a sentence", async (_, make, code) => {
  const error = await readBytes(await make()).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(WorkflowError);
  expect((error as WorkflowError).code).toBe(code);
  expect((error as WorkflowError).message).toMatch(/^[A-Z].*\.$/);
  expect((error as WorkflowError).message).not.toMatch(/[{}]/);
});
