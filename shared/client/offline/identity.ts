import type { ArchiveClient } from "../../rows.ts";
import { sessionOf } from "../session.ts";
import type { OfflineStore } from "./store.ts";

/** Where the store remembers who was signed in last. */
const LAST_USER = "last_user";
/** Where the store keeps the id of the local identity: whose chats are nobody's yet. */
const LOCAL_USER = "local_user";

/** Whose part of the store is meant. */
export interface Identity {
  user_id: string;
  /** Nobody is signed in: all stays on this device, until somebody adopts it. */
  isLocal: boolean;
}

/**
 * Who is signed in, also where the session has expired and can't be refreshed for want of a network; else
 * the local identity.
 */
export async function identityOf(supabase: ArchiveClient, store: OfflineStore): Promise<Identity> {
  const { user_id, stale } = await sessionOf(supabase);
  return await store.transact(async (tx) => {
    const last = await tx.get(LAST_USER);
    if (user_id) {
      if (last !== user_id) tx.set(LAST_USER, user_id);
      return { user_id, isLocal: false };
    }
    if (stale && typeof last === "string") return { user_id: last, isLocal: false };
    const known = await tx.get(LOCAL_USER);
    const local = String(known ?? crypto.randomUUID());
    if (known === undefined) tx.set(LOCAL_USER, local);
    return { user_id: local, isLocal: true };
  });
}

/** The local identity, where something was ever written under it. */
export function localUser(store: OfflineStore): Promise<string | undefined> {
  return store.transact(async (tx) => {
    const local = await tx.get(LOCAL_USER);
    return local === undefined ? undefined : String(local);
  });
}

/** The user who was signed in last. */
export function lastUser(store: OfflineStore): Promise<string | undefined> {
  return store.transact(async (tx) => {
    const last = await tx.get(LAST_USER);
    return last === undefined ? undefined : String(last);
  });
}

/** Removes all that a store has of a user. */
export function forgetUser(store: OfflineStore, user_id: string): Promise<void> {
  return store.transact(async (tx) => {
    for (const [key] of await tx.read(`${user_id}/`)) tx.set(key, undefined);
    for (const key of [LAST_USER, LOCAL_USER]) {
      if (await tx.get(key) === user_id) tx.set(key, undefined);
    }
  });
}
