import type { Json } from "../../database.types.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";

/** Of each member of a union. */
type Unsignalled<Input> = Input extends unknown ? Omit<Input, "signal" | "onProgress"> : never;

/** What a method takes, without its signal. */
export type InputOf<V extends keyof ArchiveVerbs> = Unsignalled<
  NonNullable<Parameters<ArchiveVerbs[V]>[0]>
>;

/** Values of columns, by the row's id: as they were when they were changed here. */
export type Base = Record<string, Record<string, Json>>;

/** A call that is kept on this device until the server has it. */
export interface Entry<V extends keyof ArchiveVerbs> {
  /** Sorts in the order of writes, whatever the clock says: the store counts. */
  key: string;
  operation: V;
  /** What the method was called with, ids included. Files are kept beside it. */
  input: InputOf<V>;
  /** Ids of the rows that it makes or changes. */
  ids: string[];
  /** The chat that it is about, where this device knows. */
  chat_id?: string;
  /** When it was called, ISO 8601. */
  created_at: string;
  /** What it changes, as it was then: where the server has another value by now, it is a conflict. */
  base?: Base;
  /** It may have reached the server: nothing is merged into it any more. */
  tried?: true;
  /** Times that somebody who is not the backend, or an unknown failure, stood in its way. */
  failures?: number;
}
