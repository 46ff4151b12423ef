import type { ErrorCode } from "../../errors.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";

/** Methods whose calls are kept and replayed. */
export type ReplayedVerb =
  | "createChat"
  | "updateChat"
  | "addMessages"
  | "updateMessage"
  | "saveMessages"
  | "deleteMessages"
  | "addSearchResults"
  | "attachImages"
  | "deleteImages"
  | "deleteDocument"
  | "deleteChat";

/** What a method takes, without its signal. */
export type InputOf<V extends ReplayedVerb> = Unsignalled<Parameters<ArchiveVerbs[V]>[0]>;
/** Of each member of a union. */
type Unsignalled<Input> = Input extends unknown ? Omit<Input, "signal"> : never;

/** A write that is kept on this device until the server has it. */
export type PendingWrite = {
  [V in ReplayedVerb]: {
    /** Sorts in the order of writes. */
    key: string;
    operation: V;
    /** What the method was called with, ids included. */
    input: InputOf<V>;
    /** Ids of the rows that it makes or changes. */
    ids: string[];
    /** When it was called, ISO 8601. */
    created_at: string;
  };
}[ReplayedVerb];

/** A write that the server refused when it was replayed: its chat was deleted meanwhile, say. */
export type Conflict = PendingWrite & { code: ErrorCode; message: string };

/** What `sync` did. */
export interface SyncResult {
  /** Writes that the server has now. */
  saved: number;
  /** Writes that it refused; `conflicts()` keeps them. */
  conflicts: Conflict[];
}

let last = 0;

/** A key that sorts after all that this device has given before. */
export function nextKey(): string {
  last = Math.max(last + 1, Date.now() * 1000);
  return `${String(last).padStart(17, "0")}-${crypto.randomUUID().slice(0, 8)}`;
}
