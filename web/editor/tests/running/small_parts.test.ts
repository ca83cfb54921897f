import { describe, expect, test } from "vitest";
import { gridKey, shapeOf, visibleRows } from "../../src/library/grid_shape";
import { FIT, zoomed } from "../../src/library/ZoomedPicture";
import { readableBytes, readableSeconds } from "../../src/running/amounts";
import { Frames } from "../../src/running/frames";
import { instancesAround, placeOf, shownId } from "../../src/document/node_ids";
import { readOutput } from "../../src/running/outputs";
import { forgetRun, rememberedRuns, rememberRun } from "../../src/running/remembered";
import { readNodeErrors } from "../../src/running/refusals";
import { secondsLeft, shareDone } from "../../src/running/share";
import { textIn } from "../../src/i18n/messages";

describe("amounts", () => {
  test.each([
    [0.0004, "1 ms"],
    [0.03, "30 ms"],
    [0.42, "0.42 s"],
    [3.04, "3.0 s"],
    [59.4, "59 s"],
    [185, "3:05"],
    [3729, "1:02:09"],
  ])("%d seconds", (seconds, text) => expect(readableSeconds(seconds)).toBe(text));

  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [640_000, "640 kB"],
    [999_700, "1.0 MB"],
    [1_340_000_000, "1.3 GB"],
  ])("%d bytes", (bytes, text) => expect(readableBytes(bytes)).toBe(text));
});

describe("frames", () => {
  test("what comes within a frame is handed over together, in its order, and once", () => {
    const taken: (readonly number[])[] = [];
    const planned: (() => void)[] = [];
    const frames = new Frames<number>(
      (items) => taken.push(items),
      (then) => planned.push(then),
    );
    for (const item of [1, 2, 3]) frames.add(item);
    expect(planned).toHaveLength(1);
    planned.pop()?.();
    frames.flush();
    frames.add(4);
    planned.pop()?.();
    expect(taken).toEqual([[1, 2, 3], [4]]);
  });
});

describe("ids", () => {
  test("of expansions and of subgraphs", () => {
    expect(shownId("2.0.0.1")).toBe("2");
    expect(shownId("5:3")).toBe("5:3");
    expect(instancesAround("5:7:3")).toEqual(["5:7", "5"]);
    expect(instancesAround("5")).toEqual([]);
  });

  test("of nodes that are not there lead nowhere", () => {
    const workflow = { nodes: [{ id: 1, type: "A", pos: [0, 0] as const }], links: [] };
    expect(placeOf(workflow, "1")?.trail).toEqual([]);
    expect(placeOf(workflow, "1:2")).toBeUndefined();
    expect(placeOf(workflow, "")).toBeUndefined();
  });
});

test("outputs are sorted into pictures, other files and texts, whatever else a node tells", () => {
  const output = {
    images: [{ filename: "a.png", subfolder: "s", type: "temp" }, null, 3],
    audio: [{ filename: "b.flac" }],
    text: ["x", { y: 1 }],
    animated: [false],
  };
  expect(readOutput(output)).toEqual({
    files: [{ filename: "a.png", subfolder: "s", type: "temp" }],
    others: [{ filename: "b.flac", subfolder: "", type: "output" }],
    texts: ["x", '{"y":1}'],
  });
  const moving = { images: [{ filename: "a.webp", subfolder: "", type: "output" }], animated: [true] };
  expect(readOutput(moving).files).toEqual([{ ...moving.images[0], isAnimated: true }]);
  const still = { ...moving, animated: [false] };
  expect(readOutput(still).files).toEqual(still.images);
  expect(readOutput("nonsense")).toEqual({ files: [], others: [], texts: [] });
});

describe("remembered runs", () => {
  const storage = (): Storage => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => void kept.set(key, text),
    } as unknown as Storage;
  };

  test("are kept in their order, once each, and not without end", () => {
    const kept = storage();
    for (let prompt = 0; prompt < 100; prompt += 1) rememberRun(kept, { prompt: String(prompt), tab: "t" });
    rememberRun(kept, { prompt: "50", tab: "t" });
    forgetRun(kept, "99");
    const prompts = rememberedRuns(kept).map((one) => one.prompt);
    expect(prompts.at(-1)).toBe("50");
    expect(prompts).toHaveLength(59);
  });

  test("what something else wrote is passed over", () => {
    const kept = storage();
    kept.setItem("weft.runs", "{broken");
    expect(rememberedRuns(kept)).toEqual([]);
    kept.setItem("weft.runs", '[1, null, {"prompt": "a", "tab": "b"}]');
    expect(rememberedRuns(kept)).toEqual([{ prompt: "a", tab: "b" }]);
  });
});

describe("refusals", () => {
  const t = textIn("en");

  test("name the node, the input and the value", () => {
    const answer = {
      node_errors: {
        3: {
          errors: [
            {
              type: "required_input_missing",
              message: "Required input is missing",
              details: "images",
              extra_info: { input_name: "images" },
            },
          ],
        },
        "5:7": {
          errors: [
            {
              type: "value_not_in_list",
              message: "Value not in list",
              details: "d",
              extra_info: { input_name: "sampler", received_value: "nope" },
            },
          ],
        },
      },
    };
    const found = readNodeErrors(answer, t);
    expect(found.get("3")).toEqual([{ message: "“images” is needed: link it.", details: "", input: "images" }]);
    expect(found.get("5:7")?.[0]).toMatchObject({
      input: "sampler",
      message: "“nope” is none of the choices of “sampler”.",
    });
  });

  test("of a whole prompt point at the node that they name", () => {
    const answer = {
      error: {
        type: "invalid_prompt",
        message: "Cannot execute because node Nope does not exist.",
        details: "Node ID '#4'",
      },
      node_errors: {},
    };
    expect([...readNodeErrors(answer, t).keys()]).toEqual(["4"]);
  });

  test("that are none have nothing", () => {
    for (const answer of [null, "x", { node_errors: [] }, { node_errors: { 1: { errors: "x" } } }])
      expect(readNodeErrors(answer, t).size).toBe(0);
  });
});

describe("how much is done", () => {
  const run = {
    prompt: "a",
    tab: "t",
    workflow: { nodes: [], links: [] },
    status: "running" as const,
    secondsLeft: 8,
    secondsTotal: 10,
    toldAt: 1000,
  };

  test("the time left goes on between two forecasts, and never below zero", () => {
    expect(secondsLeft(run, 3000)).toBe(6);
    expect(secondsLeft(run, 99_000)).toBe(0);
    expect(shareDone(run, 3000)).toBeCloseTo(0.4);
    expect(shareDone({ ...run, secondsLeft: null }, 0)).toBeNull();
  });
});

describe("the grid of pictures", () => {
  const shape = shapeOf(800, 400, 190);

  test("has as many columns as fit, and only the rows around the screen", () => {
    expect(shape).toEqual({ columns: 4, row: 200, height: 400 });
    expect(visibleRows(shape, 0, 10_000)).toEqual({ first: 0, last: 4 });
    expect(visibleRows(shape, 10_000, 10_000)).toEqual({ first: 48, last: 54 });
    expect(visibleRows(shape, 9e9, 7)).toEqual({ first: 1, last: 2 });
    expect(visibleRows(shape, 0, 0)).toEqual({ first: 0, last: 0 });
    expect(shapeOf(50, 400, 190).columns).toBe(1);
  });

  test("keys stay within it", () => {
    expect(gridKey("ArrowDown", 1, shape, 10)).toBe(5);
    expect(gridKey("ArrowUp", 1, shape, 10)).toBe(0);
    expect(gridKey("End", 1, shape, 10)).toBe(9);
    expect(gridKey("PageDown", 1, shape, 100)).toBe(9);
    expect(gridKey("x", 1, shape, 10)).toBeNull();
    expect(gridKey("ArrowRight", 0, shape, 0)).toBeNull();
  });
});

test("zooming keeps the point under the pointer where it is", () => {
  const near = zoomed({ scale: 1, x: 10, y: 0 }, 2, [110, 40]);
  expect(near).toEqual({ scale: 2, x: -90, y: -40 });
  expect(zoomed(FIT, 1000).scale).toBe(32);
});
