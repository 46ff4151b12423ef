import type { Json } from "../../database.types.ts";
import type { OfflineStore } from "./store.ts";

/** What is used of IndexedDB: Deno and Node have none, and so no types of it. */
interface Request<T> {
  result: T;
  error: unknown;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface ObjectStore {
  get(key: string): Request<Json | undefined>;
  getAll(range: unknown): Request<Json[]>;
  getAllKeys(range: unknown): Request<string[]>;
  put(value: unknown, key: string): unknown;
  delete(key: string): unknown;
}
interface Transaction {
  objectStore(name: string): ObjectStore;
  abort(): void;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  error: unknown;
}
interface Database {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: string, options?: { durability: string }): Transaction;
  close(): void;
  onclose: (() => void) | null;
}
declare const indexedDB: {
  open(name: string, version: number): Request<Database> & { onupgradeneeded: (() => void) | null };
};
declare const IDBKeyRange: { bound(lower: string, upper: string): unknown };

/** Of this layout; that of 0.1.0 was another one, and stays untouched. */
const TABLE = "records";
const VERSION = 2;

function resultOf<T>(request: Request<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function opened(name: string): Promise<Database> {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
  return resultOf(request);
}

/** A store in the browser's IndexedDB, which all tabs of an origin share. @param name of the database */
export function indexedDbStore(name = "chat-archive"): OfflineStore {
  let database: Promise<Database> | undefined;

  function connected(): Promise<Database> {
    database ??= opened(name).then((open) => {
      // The browser may close it, when it clears data or is short of memory.
      open.onclose = () => database = undefined;
      return open;
    });
    database.catch(() => database = undefined);
    return database;
  }

  return {
    async transact(work) {
      const transaction = (await connected()).transaction(TABLE, "readwrite", {
        durability: "strict",
      });
      const ended = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      ended.catch(() => {});
      const entries = transaction.objectStore(TABLE);
      let result;
      try {
        result = await work({
          get: (key) => resultOf(entries.get(key)),
          async read(prefix) {
            const range = IDBKeyRange.bound(prefix, prefix + "\uffff");
            const [keys, values] = await Promise.all([
              resultOf(entries.getAllKeys(range)),
              resultOf(entries.getAll(range)),
            ]);
            return keys.map((key, index) => [key, values[index]!]);
          },
          set(key, value) {
            if (value === undefined) entries.delete(key);
            else entries.put(value, key);
          },
        });
      } catch (error) {
        try {
          transaction.abort();
        } catch {
          // It has ended by itself: that was the error.
        }
        throw error;
      }
      await ended;
      return result;
    },
    close: async () => (await database)?.close(),
  };
}
