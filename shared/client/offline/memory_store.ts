import type { Json } from "../../database.types.ts";
import type { OfflineStore, StoreTransaction } from "./store.ts";

/** Index of the first key that is not before another one. */
function position(keys: string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A store that lives as long as the page or process. */
export function memoryStore(): OfflineStore {
  /** JSON: what callers do to their objects must not reach the store. */
  const values = new Map<string, string>();
  const keys: string[] = [];
  let queue: Promise<unknown> = Promise.resolve();

  function write(key: string, json: string | undefined) {
    const at = position(keys, key);
    if (json === undefined) {
      if (values.delete(key)) keys.splice(at, 1);
    } else {
      if (!values.has(key)) keys.splice(at, 0, key);
      values.set(key, json);
    }
  }

  async function run<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const before: [string, string | undefined][] = [];
    try {
      return await work({
        get: (key) => {
          const json = values.get(key);
          return Promise.resolve(json === undefined ? undefined : JSON.parse(json));
        },
        read: (prefix) => {
          const found: [string, Json][] = [];
          for (let at = position(keys, prefix); keys[at]?.startsWith(prefix); at++) {
            found.push([keys[at]!, JSON.parse(values.get(keys[at]!)!)]);
          }
          return Promise.resolve(found);
        },
        set: (key, value) => {
          before.push([key, values.get(key)]);
          write(key, value === undefined ? undefined : JSON.stringify(value));
        },
      });
    } catch (error) {
      for (const [key, json] of before.reverse()) write(key, json);
      throw error;
    }
  }

  return {
    transact: (work) => {
      const done = queue.then(() => run(work));
      queue = done.catch(() => {});
      return done;
    },
    close: () => Promise.resolve(),
  };
}
