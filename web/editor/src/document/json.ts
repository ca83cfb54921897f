/** Plain data, as JSON has it; readonly because documents are never changed in place. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object of plain data. */
export type JsonObject = { readonly [key: string]: Json };

/** Whether a value read from outside is an object (and neither null nor a list). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
