/**
 * The project that the page talks to, and the archive of whoever is signed in.
 *
 * @module
 */
import { createClient } from "@supabase/supabase-js";
import { createChatArchive, type Database, indexedDbStore } from "chat-archive";
import { createSignal } from "./signal.ts";

const meta = (name: string) =>
  document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ??
    "";

/** The switch of the page: off, no request reaches the server, as on a train. */
export const online = createSignal(true);

/** Rises with every write and replay: lists and counters read again. */
export const changes = createSignal(0);

/** Tells the page that something was written. */
export const changed = (): void => changes.set(changes.get() + 1);

export const supabase = createClient<Database>(
  meta("supabase-url") || location.origin,
  meta("supabase-key"),
  {
    global: {
      fetch: (input, init) =>
        online.get() ? fetch(input, init) : Promise.reject(new TypeError("switched off")),
    },
  },
);

export const archive = createChatArchive(supabase, {
  offline: "local",
  offlineStore: indexedDbStore(),
  retryAfter: 2000,
  onSync: changed,
});
