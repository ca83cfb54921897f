import { describe, expect, it } from "vitest";
import type { InputSpec } from "../../src/document/schema";
import { readCatalogue } from "../../src/document/schema";
import { parseValues, writtenValues } from "../../src/grid/values";

function input(declared: readonly unknown[]): InputSpec {
  const spec = readCatalogue({ T: { input: { required: { it: declared } } } }).get("T")?.inputs[0];
  if (!spec) throw new Error("The type has no input.");
  return spec;
}

const steps = input(["INT", { min: 1, max: 100 }]);
const cfg = input(["FLOAT", { min: 0, max: 30, step: 0.5 }]);
const sampler = input([["euler", "heun", "dpmpp_2m"], {}]);
const text = input(["STRING", { multiline: true }]);
const on = input(["BOOLEAN", {}]);

describe("the values of an axis", () => {
  it.each([
    [steps, "4, 8 ,12", [4, 8, 12]],
    [steps, "1..5", [1, 2, 3, 4, 5]],
    [steps, "10..4 / 3", [10, 7, 4]],
    [cfg, "0..1 / 0.25", [0, 0.25, 0.5, 0.75, 1]],
    [cfg, "1.5..2.5", [1.5, 1.75, 2, 2.25, 2.5]],
    [cfg, "1..3, 7", [1, 2, 3, 7]],
    [sampler, "euler, heun", ["euler", "heun"]],
    [sampler, "dpmpp_2m\neuler", ["dpmpp_2m", "euler"]],
    [text, "a cat, small\n\na dog", ["a cat, small", "a dog"]],
    [on, "on, false", [true, false]],
    [steps, "", []],
  ])("of %o are read from %j", (spec, typed, values) => {
    expect(parseValues(spec, typed)).toEqual({ values });
  });
  it.each([
    [steps, "4, x", "x"],
    [steps, "0", "0"],
    [steps, "101", "101"],
    [cfg, "0..30 / 0.001", "0..30 / 0.001"],
    [cfg, "1..2 / 0", "1..2 / 0"],
    [sampler, "euler, ddpm", "ddpm"],
    [on, "perhaps", "perhaps"],
  ])("of %o are not read from %j, and it says from what", (spec, typed, unreadable) => {
    expect(parseValues(spec, typed)).toEqual({ unreadable });
  });
  it.each([
    [steps, [4, 8]],
    [sampler, ["heun", "euler"]],
    [text, ["a, b", "c"]],
    [on, [true, false]],
  ])("of %o can be typed again as they were written", (spec, values) => {
    expect(parseValues(spec, writtenValues(spec, values))).toEqual({ values });
  });
});
