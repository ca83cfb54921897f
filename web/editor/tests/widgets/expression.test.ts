import { describe, expect, test } from "vitest";
import { plainInput } from "../../src/document/schema";
import { evaluate, readTyped } from "../../src/widgets/expression";

describe("evaluate", () => {
  test.each([
    ["1024*1.5", 1536],
    ["1,5", 1.5],
    ["2+3*4", 14],
    ["(2+3)*4", 20],
    ["-2^2", -4],
    ["2^3^2", 512],
    ["2^-1", 0.5],
    ["7%4", 3],
    ["--3", 3],
    [".5+.25", 0.75],
    ["1e3/4", 250],
    ["((((1))))", 1],
  ])("%s is %d", (text, value) => expect(evaluate(text)).toBe(value));

  test.each([
    "",
    "abc",
    "1+",
    "(1",
    "1)",
    "1 2 x",
    "1..2",
    "alert(1)",
    "()",
    `${"(".repeat(5000)}1${")".repeat(5000)}`,
  ])("%s is no number", (text) => expect(evaluate(text)).toBeNull());
});

describe("readTyped", () => {
  const int = plainInput("n", "INT");
  const float = plainInput("n", "FLOAT");

  test("whole numbers keep every digit", () => {
    expect(readTyped("18446744073709551615", 0, int)).toBe(18446744073709551615n);
    expect(readTyped("1 000 000", 0, int)).toBe(1000000);
  });

  test("relative texts start from what is there", () => {
    expect(readTyped("*2", 512, int)).toBe(1024);
    expect(readTyped("/ 2", 512, int)).toBe(256);
    expect(readTyped("+=8", 512, int)).toBe(520);
    expect(readTyped("-=0,5", 7, float)).toBe(6.5);
    expect(readTyped("*(1+1)", 3, int)).toBe(6);
  });

  test("a sign alone is not relative, and nonsense is nothing", () => {
    expect(readTyped("-5", 7, int)).toBe(-5);
    expect(readTyped("1/0", 7, float)).toBeNull();
    expect(readTyped("*", 7, int)).toBeNull();
    expect(readTyped("", 7, int)).toBeNull();
  });
});
