import type { ArchiveClient } from "../rows.ts";
import type { AnyClient } from "./any_client.ts";
import { createDatabaseSwitch } from "./database_switch.ts";
import type { LogEntry } from "./log_entry.ts";

/** How every call behaves. */
export interface ConnectionOptions {
  /** Milliseconds that one request may take; 15,000. */
  timeout?: number;
  /** Milliseconds that the transfer of one file may take; 600,000. */
  transferTimeout?: number;
  /**
   * Times that a request is sent which gets no answer, and may be repeated; 3. With `offline: "local"` 1:
   * the device answers at once.
   */
  attempts?: number;
  /** Receives one entry for each operation. What it throws is ignored. */
  logger?: (entry: LogEntry) => void;
  /**
   * Whether the deployment keeps rows (its USE_DATABASE). Left out, the library asks the function
   * `health` once, before the first operation.
   */
  useDatabase?: boolean;
}

/** What every verb works with. Made by {@link connect}. */
export interface Connection {
  readonly supabase: ArchiveClient;
  readonly timeout: number;
  readonly transferTimeout: number;
  readonly attempts: number;
  readonly log: (entry: LogEntry) => void;
  /** For whom requests are sent; by default whoever is signed in when an operation begins. */
  readonly user_id?: string;
  /** What the caller's own method was called with, of whatever type: errors name its fields. */
  readonly called?: unknown;
  /** Whether the deployment keeps rows. */
  readonly useDatabase: () => Promise<boolean>;
}

/** What any method takes besides its own fields. */
export interface CallOptions {
  /** Ends the call, which then rejects with the signal's reason, as fetch does. */
  signal?: AbortSignal | undefined;
}

/**
 * A connection for the verbs, which can be imported one by one where size counts.
 *
 * @example
 * ```ts
 * import { connect, createChat } from "chat-archive";
 *
 * const chat = await createChat(connect(supabase), { title: "My document" });
 * console.assert(chat.title === "My document");
 * ```
 */
export function connect(client: AnyClient, options: ConnectionOptions = {}): Connection {
  const supabase = client as unknown as ArchiveClient;
  const { timeout = 15_000, transferTimeout = 600_000, attempts = 3, logger } = options;
  return {
    supabase,
    timeout,
    transferTimeout,
    attempts,
    log(entry) {
      try {
        logger?.(entry);
      } catch {
        // An application's logger must not fail its work.
      }
    },
    useDatabase: createDatabaseSwitch(supabase, options.useDatabase),
  };
}
