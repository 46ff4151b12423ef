import type { ErrorCode } from "../../errors.ts";
import type { Entry } from "./journal.ts";
import type { RULES } from "./rules.ts";

/** Methods whose calls are kept and replayed. */
export type ReplayedVerb = keyof typeof RULES;

/** A write that is kept on this device until the server has it. */
export type PendingWrite = { [V in ReplayedVerb]: Entry<V> }[ReplayedVerb];

/** A write that the server refused when it was replayed: its chat was deleted meanwhile, say. */
export type Conflict = PendingWrite & { code: ErrorCode; message: string };

/** What `sync` did. */
export interface SyncResult {
  /** Writes that the server has now. */
  saved: number;
  /** Writes that it refused; `conflicts()` keeps them. */
  conflicts: Conflict[];
}

/** What `adopt` did. */
export interface Adoption extends SyncResult {
  /** Chats that this device had for nobody, and that are the user's now. */
  chats: number;
}
