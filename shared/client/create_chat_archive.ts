import type { AnyClient } from "./any_client.ts";
import { bindVerbs } from "./bind_verbs.ts";
import { boxesOn } from "./boxes_on.ts";
import type { ChatArchive } from "./chat_archive.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { notLoaded } from "./not_loaded.ts";
import { memoryStore } from "./later_store.ts";
import type { OfflineOptions } from "./offline/offline_archive.ts";
import { whenLoaded } from "./when_loaded.ts";

/** Settings of an archive. */
export interface ChatArchiveOptions extends ConnectionOptions {
  /**
   * What happens while the deployment has no database or can't be reached.
   *
   * - `fail`, the default: methods reject with `database_unavailable` or `database_disabled`.
   * - `local`: rows are written to and read from `offlineStore`. Rows that the server does not have
   *   carry `pending: true`, `pending()` lists them, and they are replayed in order when it is back.
   *   With nobody signed in they are a local identity's, until `adopt`. Larger files, zips, imports and
   *   account deletion need the server, and still fail.
   */
  offline?: "fail" | "local";
  /** Where `local` keeps rows; by default in memory, which a closed page or process loses. */
  offlineStore?: OfflineOptions["store"];
  /**
   * Characters of JSON (about bytes) that the store may hold for a user; 100,000,000. Chats that were
   * used longest ago leave it first; what waits for the server never does.
   */
  offlineSize?: OfflineOptions["maxSize"];
  /** Whether signing out removes all that the store has of the user, pending writes too; false. */
  forgetOnSignOut?: OfflineOptions["forgetOnSignOut"];
  /** Milliseconds after which a server that could not be reached is tried again; 5000. */
  retryAfter?: OfflineOptions["retryAfter"];
  /** Called after every replay that saved something or met a conflict. */
  onSync?: OfflineOptions["onSync"];
}

/**
 * The archive of the user who is signed in with a client of supabase-js.
 *
 * @example Keep a conversation
 * ```ts
 * import { createChatArchive } from "chat-archive";
 *
 * const archive = createChatArchive(supabase);
 * const chat = await archive.createChat({ title: "My document" });
 * await archive.addMessage({ chat_id: chat.id, role: "user", content: "What is on page 2?" });
 * for await (const message of archive.messages({ chat_id: chat.id })) {
 *   console.log(message.role, message.content);
 * }
 * ```
 */
export function createChatArchive(
  supabase: AnyClient,
  options: ChatArchiveOptions = {},
): ChatArchive {
  const isLocal = options.offline === "local";
  const connection = connect(supabase, { ...isLocal ? { attempts: 1 } : {}, ...options });
  const verbs = bindVerbs(connection);
  if (isLocal) {
    const { offlineStore: store = memoryStore(), offlineSize: maxSize, ...others } = options;
    // A chunk of its own, so that a page without `offline` is small.
    const loading = import("./offline/with_offline.ts").then(
      ({ withOffline }) => withOffline(connection, bindVerbs, { ...others, store, maxSize }),
      notLoaded,
    );
    return whenLoaded(loading, verbs);
  }
  return {
    ...verbs,
    boxesOn,
    pending: () => Promise.resolve([]),
    sync: () => Promise.resolve({ saved: 0, conflicts: [] }),
    conflicts: () => Promise.resolve([]),
    dismissConflict: () => Promise.resolve(),
    adopt: () => Promise.resolve({ chats: 0, saved: 0, conflicts: [] }),
    forget: () => Promise.resolve(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
