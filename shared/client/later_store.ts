import type { OfflineStore } from "./offline/store.ts";

/** A store that lives as long as the page or process. Its code is loaded when it is used. */
export function memoryStore(): OfflineStore {
  const loading = import("./offline/memory_store.ts").then((module) => module.memoryStore());
  loading.catch(() => {});
  return {
    transact: async (work) => await (await loading).transact(work),
    close: async () => await (await loading).close(),
  };
}
