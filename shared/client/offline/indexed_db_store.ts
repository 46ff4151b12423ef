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
  openCursor(range: unknown): Request<Cursor | null>;
  put(value: unknown, key: string): unknown;
  delete(key: string): unknown;
}
interface Cursor {
  key: string;
  value: Json;
  continue(): void;
}
interface Transaction {
  objectStore(name: string): ObjectStore;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  error: unknown;
}
interface Database {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: string, options?: { durability: string }): Transaction;
  close(): void;
}
declare const indexedDB: {
  open(name: string, version: number): Request<Database> & { onupgradeneeded: (() => void) | null };
};
declare const IDBKeyRange: { bound(lower: string, upper: string): unknown };

const TABLE = "entries";

function opened(name: string): Promise<Database> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A store in the browser's IndexedDB. @param name of the database */
export function indexedDbStore(name = "chat-archive"): OfflineStore {
  const database = opened(name);
  // Whoever reads or writes gets the error; here it must not count as unhandled.
  database.catch(() => {});
  return {
    async read(prefix) {
      const entries = (await database).transaction(TABLE, "readonly").objectStore(TABLE);
      return await new Promise((resolve, reject) => {
        const found: [string, Json][] = [];
        const request = entries.openCursor(IDBKeyRange.bound(prefix, prefix + "\uffff"));
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const cursor = request.result;
          if (!cursor) return resolve(found);
          found.push([cursor.key, cursor.value]);
          cursor.continue();
        };
      });
    },
    async write(changes) {
      const transaction = (await database).transaction(TABLE, "readwrite", {
        durability: "strict",
      });
      const entries = transaction.objectStore(TABLE);
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
        for (const [key, value] of changes) {
          if (value === undefined) entries.delete(key);
          else entries.put(value, key);
        }
      });
    },
    close: async () => (await database).close(),
  };
}
