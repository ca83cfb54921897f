import { describe, expect, test } from "vitest";
import { afterQueue } from "../../src/document/after_queue";
import { edited } from "../../src/document/edit";
import { parseJson } from "../../src/document/parse";
import type { InputSpec } from "../../src/document/schema";
import { plainInput, plainSchema } from "../../src/document/schema";
import { afterKey, beginsTyping } from "../../src/widgets/number_keys";
import {
  amountAt,
  fractionOf,
  moved,
  randomSeed,
  readAmount,
  settled,
  shown,
  stepOf,
  writeAmount,
} from "../../src/widgets/numbers";

const spec = (type: string, fields: Partial<InputSpec> = {}): InputSpec => plainInput("n", type, fields);
const SEED = spec("INT", { min: 0, max: JSON.parse("18446744073709551615") as number });
const LARGEST_SEED = "18446744073709551615";

describe("whole numbers beyond 2^53", () => {
  test("are read from files with every digit, kept, and written again", () => {
    const { value } = parseJson(
      `{"seed": ${LARGEST_SEED}, "text": "a ${LARGEST_SEED} b", "near": 9007199254740991, "f": 1e300}`,
    );
    expect(value).toEqual({ seed: LARGEST_SEED, text: `a ${LARGEST_SEED} b`, near: 9007199254740991, f: 1e300 });
    const amount = readAmount(LARGEST_SEED, SEED);
    expect(amount).toBe(18446744073709551615n);
    expect(writeAmount(amount ?? 0)).toBe(LARGEST_SEED);
    expect(shown(amount ?? 0, SEED)).toBe(LARGEST_SEED);
  });

  test("count on after queueing with every digit", () => {
    const schema = plainSchema("T", { inputs: [{ ...SEED, name: "seed", controlAfterGenerate: true }] });
    const after = (seed: string, control: string): unknown => {
      const node = { id: 1, type: "T", pos: [0, 0] as const, widgets_values: [seed, control] };
      const workflow = { nodes: [node], links: [] };
      const recipe = afterQueue(workflow, () => 0.5, new Map([["T", schema]]));
      return recipe && (edited(workflow, null, recipe).nodes[0]?.widgets_values as unknown[])[0];
    };
    expect(after("18446744073709551613", "increment")).toBe("18446744073709551614");
    expect(after(LARGEST_SEED, "increment")).toBeNull();
    expect(after("9007199254740993", "decrement")).toBe("9007199254740992");
    expect(after("9007199254740992", "decrement")).toBe(9007199254740991);
    expect(after(LARGEST_SEED, "randomize")).toBeTypeOf("number");
  });

  test("go up and down by one, and stop at 2^64 - 1 although JSON rounds that limit up", () => {
    expect(moved(18446744073709551614n, 1, SEED)).toBe(18446744073709551615n);
    expect(moved(18446744073709551615n, 1, SEED)).toBe(18446744073709551615n);
    expect(moved(9007199254740992n, -1, SEED)).toBe(9007199254740991);
    expect(settled(2n ** 70n, SEED)).toBe(2n ** 64n - 1n);
  });
});

describe("limits and rounding", () => {
  test("whole numbers lie on the grid of their step, counted from the least", () => {
    const width = spec("INT", { min: 16, max: 16384, step: 8 });
    expect(settled(1000, width)).toBe(1000);
    expect(settled(1001, width)).toBe(1000);
    expect(settled(1005.2, width)).toBe(1008);
    expect(settled(1, width)).toBe(16);
    expect(moved(512, 3, width)).toBe(536);
  });

  test("decimals are rounded as the type says, and only then", () => {
    expect(settled(7.123, spec("FLOAT", { options: { round: 0.01 } }))).toBe(7.12);
    expect(settled(7.123, spec("FLOAT"))).toBe(7.123);
    expect(settled(2, spec("FLOAT", { max: 1 }))).toBe(1);
  });

  test("steps of decimals leave no noise", () => {
    const denoise = spec("FLOAT", { min: 0, max: 1, step: 0.01 });
    expect(moved(0.28, 1, denoise)).toBe(0.29);
    expect(moved(0.1, 20, denoise)).toBe(0.3);
    expect(moved(0.123, 1, denoise)).toBe(0.133);
    expect(moved(0.995, 1, denoise)).toBe(1);
  });

  test("a type without a step has a sensible one", () => {
    expect([stepOf(spec("INT")), stepOf(spec("FLOAT")), stepOf(spec("FLOAT", { min: 0, max: 1 }))]).toEqual([
      1, 0.1, 0.01,
    ]);
  });
});

describe("what is shown", () => {
  test("has the decimals of a step, and all that the value has", () => {
    expect(shown(8, spec("FLOAT", { step: 0.1 }))).toBe("8.0");
    expect(shown(0.123456, spec("FLOAT", { step: 0.01 }))).toBe("0.123456");
    expect(shown(1e-7, spec("FLOAT", { step: 0.01 }))).toBe("0.0000001");
    expect(shown(20, spec("INT"))).toBe("20");
  });

  test("values of the wrong type are not taken for numbers", () => {
    expect(readAmount("euler", spec("INT"))).toBeNull();
    expect(readAmount("", spec("FLOAT"))).toBeNull();
    expect(readAmount(true, spec("INT"))).toBeNull();
    expect(readAmount("7.5", spec("FLOAT"))).toBe(7.5);
    expect(readAmount("7.5", spec("INT"))).toBe(7.5);
  });
});

test("places on a slider and amounts are each other's inverse", () => {
  const strength = spec("FLOAT", { min: -1, max: 1, step: 0.05 });
  expect(fractionOf(0, strength)).toBe(0.5);
  expect(amountAt(0.5, strength)).toBe(0);
  expect(amountAt(0.26, strength)).toBe(-0.5);
  expect(amountAt(2, strength)).toBe(1);
});

test("random seeds keep to the limits and to what every program can hold", () => {
  expect(randomSeed(SEED, () => 0)).toBe(0);
  expect(randomSeed(SEED, () => 1 - Number.EPSILON)).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
  expect(randomSeed(spec("INT", { min: 5, max: 7 }), () => 0.99)).toBe(7);
});

describe("keys", () => {
  const key = (name: string, more = {}) => ({
    key: name,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...more,
  });
  const cfg = spec("FLOAT", { min: 0, max: 100, step: 0.1 });

  test("step, leap, and go to the limits", () => {
    expect(afterKey(8, key("ArrowUp"), cfg)).toBe(8.1);
    expect(afterKey(8, key("ArrowLeft"), cfg)).toBe(7.9);
    expect(afterKey(8, key("PageDown"), cfg)).toBe(7);
    expect(afterKey(8, key("ArrowUp", { shiftKey: true }), cfg)).toBe(8.01);
    expect(afterKey(8, key("ArrowUp", { ctrlKey: true }), cfg)).toBe(9);
    expect(afterKey(8, key("Home"), cfg)).toBe(0);
    expect(afterKey(8, key("End"), cfg)).toBe(100);
    expect(afterKey(8, key("Home"), spec("INT"))).toBeNull();
    expect(afterKey(8, key("a"), cfg)).toBeNull();
  });

  test("digits begin to type, shortcuts do not", () => {
    expect(beginsTyping(key("7"))).toBe(true);
    expect(beginsTyping(key("a"))).toBe(false);
    expect(beginsTyping(key("1", { ctrlKey: true }))).toBe(false);
  });
});
