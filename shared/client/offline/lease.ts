import { delay } from "../../async.ts";
import type { OfflineStore } from "./store.ts";

/** So long a process that was killed keeps the others from replaying. */
const LEASE_MS = 5000;
/** Between two looks whether the other one has ended. */
const LOOK_AGAIN_MS = 50;

interface Lease {
  by: string;
  until: number;
}

/** What is used of Web Locks, which browsers have. */
interface Locks {
  request<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** Runs work while no other tab or process does the same with the store, by a lease in the store itself. */
async function leased<T>(store: OfflineStore, key: string, work: () => Promise<T>): Promise<T> {
  const by = crypto.randomUUID();
  /** @returns whether it is ours now */
  const take = () =>
    store.transact(async (tx) => {
      const lease = await tx.get(key) as unknown as Lease | undefined;
      const now = Date.now();
      // One that ends later than any can was given by another clock.
      const held = lease && lease.by !== by && lease.until > now && lease.until <= now + LEASE_MS;
      if (!held) tx.set(key, { by, until: now + LEASE_MS });
      return !held;
    });
  while (!await take()) await delay(LOOK_AGAIN_MS);
  const renewing = setInterval(() => void take().catch(() => {}), LEASE_MS / 3);
  try {
    return await work();
  } finally {
    clearInterval(renewing);
    await store.transact(async (tx) => {
      const lease = await tx.get(key) as unknown as Lease | undefined;
      if (lease?.by === by) tx.set(key, undefined);
    }).catch(() => {});
  }
}

/**
 * Runs work while no other tab or process does the same: by Web Locks where there are some, since pages in
 * the background have slow timers, else by a lease. What would go wrong without: requests would be sent
 * twice, and wait for each other.
 */
export function alone<T>(store: OfflineStore, name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = (globalThis.navigator ?? {}) as { locks?: Locks };
  return locks ? locks.request(`chat-archive/${name}`, work) : leased(store, name, work);
}
