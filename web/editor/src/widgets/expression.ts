/** Numbers as people type them: `20`, `1,5`, `1024*1.5`, `(3+1)/2`, `*2` and `+=8` on what is there. */

import type { InputSpec } from "../document/schema";
import { type Amount, exact, isWhole } from "./numbers";

/** The number that a text means; null when it means none. `present` is what relative texts start from. */
export function readTyped(text: string, present: Amount, spec: InputSpec): Amount | null {
  const typed = text.replace(/[\s_']/g, "");
  if (isWhole(spec) && /^[+-]?\d+$/.test(typed)) return exact(BigInt(typed.replace("+", "")));
  const relative = /^(?:([+\-*/])=|([*/]))(.+)$/.exec(typed);
  const value = relative
    ? evaluate(`(${Number(present)})${relative[1] ?? relative[2]}(${relative[3]})`)
    : evaluate(typed);
  return value !== null && Number.isFinite(value) ? value : null;
}

/** The value of a sum in numbers, `+ - * / % ^` and brackets; null when it is none. */
export function evaluate(text: string): number | null {
  const tokens = text.replace(/,/g, ".").match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[-+*/%^()]|./gi);
  if (!tokens) return null;
  const reader = new Reader(tokens);
  const value = reader.sum();
  return reader.isAtEnd() ? value : null;
}

/** Reads by precedence: sums of products of powers of signed atoms. Null, once met, is the answer. */
class Reader {
  private place = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly string[]) {}

  isAtEnd(): boolean {
    return this.place === this.tokens.length;
  }

  sum(): number | null {
    let value = this.product();
    for (let sign = this.take("+", "-"); sign; sign = this.take("+", "-")) {
      const next = this.product();
      if (value === null || next === null) return null;
      value = sign === "+" ? value + next : value - next;
    }
    return value;
  }

  private product(): number | null {
    let value = this.signed();
    for (let sign = this.take("*", "/", "%"); sign; sign = this.take("*", "/", "%")) {
      const next = this.signed();
      if (value === null || next === null) return null;
      value = sign === "*" ? value * next : sign === "/" ? value / next : value % next;
    }
    return value;
  }

  private signed(): number | null {
    let factor = 1;
    for (let sign = this.take("-", "+"); sign; sign = this.take("-", "+")) if (sign === "-") factor = -factor;
    const value = this.power();
    return value === null ? null : factor * value;
  }

  private power(): number | null {
    const base = this.atom();
    if (base === null || !this.take("^")) return base;
    const exponent = this.signed();
    return exponent === null ? null : base ** exponent;
  }

  private atom(): number | null {
    if (this.take("(")) {
      this.depth += 1;
      const value = this.depth > DEEPEST ? null : this.sum();
      this.depth -= 1;
      return this.take(")") ? value : null;
    }
    const token = this.tokens[this.place];
    if (token === undefined || !/^[\d.]/.test(token)) return null;
    this.place += 1;
    const value = Number(token);
    return Number.isNaN(value) ? null : value;
  }

  private take(...wanted: readonly string[]): string | null {
    const token = this.tokens[this.place];
    if (token === undefined || !wanted.includes(token)) return null;
    this.place += 1;
    return token;
  }
}

const DEEPEST = 100; // brackets within brackets
