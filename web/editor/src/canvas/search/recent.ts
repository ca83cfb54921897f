/** The node types that a person added last, kept in this browser. */

const KEY = "weft.recentTypes";
const KEPT = 8;

export function recentTypes(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((type) => typeof type === "string") : [];
  } catch {
    return []; // Written by something else; what is added next is written over it.
  }
}

export function remember(type: string): void {
  const kept = [type, ...recentTypes().filter((one) => one !== type)].slice(0, KEPT);
  localStorage.setItem(KEY, JSON.stringify(kept));
}
