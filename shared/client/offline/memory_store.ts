import type { Json } from "../../database.types.ts";
import type { OfflineStore } from "./store.ts";

/** A store that lives as long as the page or process. */
export function memoryStore(): OfflineStore {
  const values = new Map<string, Json>();
  return {
    read(prefix) {
      const found = [...values].filter(([key]) => key.startsWith(prefix));
      return Promise.resolve(found.toSorted(([a], [b]) => a < b ? -1 : 1));
    },
    write(changes) {
      for (const [key, value] of changes) {
        if (value === undefined) values.delete(key);
        else values.set(key, structuredClone(value));
      }
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
