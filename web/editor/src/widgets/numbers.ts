/**
 * Numbers of widgets: reading, limits, rounding, writing.
 *
 * Seeds go up to 2^64 - 1, beyond what a JavaScript number holds exactly (2^53 - 1). Whole numbers are therefore
 * `bigint` here where they are large, and are put into the document as text of digits, which the server reads as INT
 * like a number: nothing on the way (the browser's database, the clipboard, JSON) can round it.
 */

import type { Json } from "../document/json";
import type { InputSpec } from "../document/schema";

/** A number of a widget: `bigint` only for whole numbers that a `number` cannot hold exactly. */
export type Amount = number | bigint;

const LARGEST_DECIMALS = 12; // what is left of a sum of decimals after that is noise of binary fractions
const UNSIGNED_64 = 2 ** 64;
const SIGNED_64 = 2 ** 63;

/** Whether a widget takes whole numbers only. */
export function isWhole(spec: InputSpec): boolean {
  return spec.type === "INT";
}

/** The number that a saved value stands for; null when it is none. */
export function readAmount(value: Json, spec: InputSpec): Amount | null {
  if (typeof value === "number") return isWhole(spec) && Number.isInteger(value) ? exact(BigInt(value)) : value;
  if (typeof value !== "string" || value.trim() === "") return null;
  if (isWhole(spec) && /^\s*[+-]?\d+\s*$/.test(value)) return exact(BigInt(value.trim().replace("+", "")));
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** How a number is kept in the document. */
export function writeAmount(amount: Amount): Json {
  return typeof amount === "bigint" ? String(amount) : amount;
}

/** A whole number as `number` where that is exact. */
export function exact(whole: bigint): Amount {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}

/** How far one press of an arrow goes. */
export function stepOf(spec: InputSpec): number {
  if (spec.step !== undefined && spec.step > 0) return isWhole(spec) ? Math.max(1, Math.round(spec.step)) : spec.step;
  if (isWhole(spec)) return 1;
  const range = (spec.max ?? Infinity) - (spec.min ?? -Infinity);
  return range <= 2 ? 0.01 : 0.1;
}

/** An amount moved by a number of steps, within the limits. */
export function moved(amount: Amount, steps: number, spec: InputSpec): Amount {
  const step = stepOf(spec);
  if (isWhole(spec)) {
    const grid = Math.round(steps) * step;
    return settled(exact(toBigInt(amount) + BigInt(Math.round(grid))), spec);
  }
  const decimals = Math.min(LARGEST_DECIMALS, Math.max(decimalsOf(Number(amount)), decimalsOf(step * steps)));
  return settled(Number((Number(amount) + steps * step).toFixed(decimals)), spec);
}

/** The nearest amount that the widget takes: rounded as its type says, on the grid of its step, within its limits. */
export function settled(amount: Amount, spec: InputSpec): Amount {
  if (isWhole(spec)) return exact(clampWhole(onGrid(toBigInt(amount), spec), spec));
  let number = Number(amount);
  const round = spec.options["round"];
  if (typeof round === "number" && round > 0) {
    number = Number((Math.round(number / round) * round).toFixed(Math.min(LARGEST_DECIMALS, decimalsOf(round))));
  }
  return Math.min(spec.max ?? Infinity, Math.max(spec.min ?? -Infinity, number));
}

/** As it is shown: with at least the decimals of a step, and all that it has. */
export function shown(amount: Amount, spec: InputSpec): string {
  if (typeof amount === "bigint" || isWhole(spec)) return String(amount);
  const own = decimalsOf(amount);
  if (own > LARGEST_DECIMALS) return String(amount);
  return amount.toFixed(Math.max(own, Math.min(3, decimalsOf(stepOf(spec)))));
}

/** Where an amount lies between the limits, 0 to 1; 0 where there are none. */
export function fractionOf(amount: Amount, spec: InputSpec): number {
  if (spec.min === undefined || spec.max === undefined || spec.max <= spec.min) return 0;
  return Math.min(1, Math.max(0, (Number(amount) - spec.min) / (spec.max - spec.min)));
}

/** The amount at a place between the limits, on the grid of steps. */
export function amountAt(fraction: number, spec: InputSpec): Amount {
  const min = spec.min ?? 0;
  const max = spec.max ?? 1;
  const steps = Math.round((Math.min(1, Math.max(0, fraction)) * (max - min)) / stepOf(spec));
  return moved(min, steps, spec);
}

/** A random seed within a widget's limits, one that every program can hold exactly (below 2^53). */
export function randomSeed(spec: InputSpec, random: () => number = Math.random): number {
  const low = Math.max(0, spec.min ?? 0);
  const high = Math.min(Number.MAX_SAFE_INTEGER, spec.max ?? Number.MAX_SAFE_INTEGER);
  return Math.min(high, low + Math.floor(random() * (high - low + 1)));
}

function toBigInt(amount: Amount): bigint {
  return typeof amount === "bigint" ? amount : BigInt(Math.round(amount));
}

function onGrid(whole: bigint, spec: InputSpec): bigint {
  const step = BigInt(stepOf(spec));
  if (step === 1n) return whole;
  const origin = spec.min === undefined ? 0n : limit(spec.min) % step;
  const steps = Math.round(Number(whole - origin) / Number(step));
  return Number.isSafeInteger(steps) ? origin + BigInt(steps) * step : whole;
}

function clampWhole(whole: bigint, spec: InputSpec): bigint {
  if (spec.max !== undefined && whole > limit(spec.max)) return limit(spec.max);
  if (spec.min !== undefined && whole < limit(spec.min)) return limit(spec.min);
  return whole;
}

/** JSON's numbers round 2^64 - 1 up to 2^64: what was meant is one less. */
function limit(number: number): bigint {
  const whole = BigInt(Math.round(number));
  return number === UNSIGNED_64 || number === SIGNED_64 ? whole - 1n : whole;
}

function decimalsOf(number: number): number {
  const [digits = "", exponent = "0"] = String(number).split("e");
  const decimals = (digits.split(".")[1] ?? "").length - Number(exponent);
  return Math.max(0, decimals);
}
