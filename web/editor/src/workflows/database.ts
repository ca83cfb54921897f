/** The browser's own database: open tabs and former versions, so that a closed window or a lost server costs nothing. */

const NAME = "weft";
const VERSION = 1;

/** The object stores and how their entries are found. */
const STORES = {
  drafts: { key: "id", indexes: ["window"] },
  versions: { key: "id", indexes: ["document"] },
} as const;

export type StoreName = keyof typeof STORES;

/** Open it, made where it is missing; null where the browser keeps nothing (a private window, a full disk). */
export async function openDatabase(): Promise<IDBDatabase | null> {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    for (const [name, { key, indexes }] of Object.entries(STORES)) {
      const store = request.result.createObjectStore(name, { keyPath: key });
      for (const index of indexes) store.createIndex(index, index);
    }
  };
  try {
    return await finished(request);
  } catch {
    return null;
  }
}

/** Every entry of a store, or those with a value of an index. */
export function readAll<T>(database: IDBDatabase, store: StoreName, index?: string, value?: string): Promise<T[]> {
  const from = database.transaction(store).objectStore(store);
  return finished(index === undefined ? from.getAll() : from.index(index).getAll(value)) as Promise<T[]>;
}

/** Write entries and delete others, all or nothing. */
export function write(
  database: IDBDatabase,
  store: StoreName,
  put: readonly object[],
  gone: readonly string[] = [],
): Promise<void> {
  const transaction = database.transaction(store, "readwrite");
  const to = transaction.objectStore(store);
  for (const entry of put) to.put(entry);
  for (const key of gone) to.delete(key);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("The browser's database refused to write."));
  });
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser's database cannot be read."));
  });
}
