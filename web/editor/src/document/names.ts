/** Names that are told apart. */

/** A name that is not taken: `text`, `text_1`, `text_2` ... */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let number = 1;
  while (taken.includes(`${name}_${number}`)) number += 1;
  return `${name}_${number}`;
}
