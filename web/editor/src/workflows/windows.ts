/**
 * Which window of the browser a tab belongs to. A reloaded window finds its own tabs again, and those of a window that
 * was closed are taken over by the next that opens.
 */

const KEY = "weft.window";

/** The windows whose tabs this one shows: its own name first, then those that nobody has any more. */
export interface Windows {
  readonly own: string;
  readonly left: readonly string[];
}

/** Claim this window's name for as long as the page lives; `known` are all windows that ever kept tabs. */
export async function claimWindow(page: Window, fresh: () => string, known: readonly string[]): Promise<Windows> {
  const { locks } = page.navigator;
  // Pages by plain HTTP from another machine have no locks: there, all tabs come back in whichever window opens.
  if (!locks) return { own: page.sessionStorage.getItem(KEY) ?? fresh(), left: [...known] };
  const held = new Set((await locks.query()).held?.map((lock) => lock.name));
  const mine = page.sessionStorage.getItem(KEY);
  // A duplicated tab of the browser has a copy of the storage of the first one.
  const own = mine !== null && !held.has(lockName(mine)) ? mine : fresh();
  page.sessionStorage.setItem(KEY, own);
  void locks.request(lockName(own), () => new Promise(() => undefined));
  return { own, left: known.filter((name) => name !== own && !held.has(lockName(name))) };
}

function lockName(window: string): string {
  return `weft.window.${window}`;
}
