/** Plain data, as JSON has it; readonly because documents are never changed in place. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object of plain data. */
export type JsonObject = { readonly [key: string]: Json };

/** Whether a value read from outside is an object (and neither null nor a list). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a number, or the digits of a whole one that is kept as a text because it is too large for a number. */
export function isNumeric(value: Json | undefined): boolean {
  return typeof value === "number" || (typeof value === "string" && /^-?\d{16,}$/.test(value));
}
