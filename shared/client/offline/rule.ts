import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { Base, Entry, InputOf } from "./journal.ts";
import type { LocalRows } from "./local_rows.ts";
import type { Server } from "./server.ts";

/** What a method gives. */
export type AnswerOf<V extends keyof ArchiveVerbs> = Awaited<ReturnType<ArchiveVerbs[V]>>;

/** A write that was done on this device. */
export interface Applied<V extends keyof ArchiveVerbs> {
  answer: AnswerOf<V>;
  chat_id?: string | undefined;
  /** What is replayed, where it is not the input; null: nothing, since all of it was done before. */
  input?: InputOf<V> | null;
}

/** What the server has made of a write. */
export interface Sent<V extends keyof ArchiveVerbs> {
  answer: AnswerOf<V>;
  /** The rows did not exist before. */
  isNew?: boolean;
}

/** How a write is sent. */
export interface Sending<V extends keyof ArchiveVerbs>
  extends Pick<Entry<V>, "input" | "base" | "tried"> {
  signal?: AbortSignal | undefined;
  onProgress?: unknown;
  /** A file that waits on this device. */
  file(id: string): Promise<Blob>;
}

/**
 * How a method that writes works without the server: a row of the table in rules.ts. Whoever adds a
 * method that writes adds a row, and nothing else of this folder has to know.
 */
export interface Rule<V extends keyof ArchiveVerbs> {
  /** Checks what the method was called with, and gives ids to what is new: they stay, whoever saves it. */
  prepare(input: Parameters<ArchiveVerbs[V]>[0]): InputOf<V>;
  /** What is kept of it: with the time at which it is written, and files read. */
  written?(input: InputOf<V>): InputOf<V> | Promise<InputOf<V>>;
  /** Rows that it makes or changes: pending until it is saved. */
  ids(input: InputOf<V>): string[];
  /** Does it on this device. */
  apply(rows: LocalRows, input: InputOf<V>): Promise<Applied<V>>;
  /** What it changes, as it is before: the server must still have it so. */
  base?(rows: LocalRows, input: InputOf<V>): Promise<Base>;
  /** Sends it; by default by the method of the same name. */
  send?(server: Server, sending: Sending<V>): Promise<Sent<V>>;
  /** Takes what the server has made of it. */
  keep(rows: LocalRows, sent: Sent<V>, input: InputOf<V>): Promise<void>;
  /**
   * Takes back what it made here, as far as a device can: the server has refused it.
   *
   * @param theirs the row that the server has instead, where that was the reason
   */
  undo(rows: LocalRows, input: InputOf<V>, theirs: object | undefined): Promise<void>;
  /** A call about the same row takes the place of the one before: only the last text matters. */
  grows?: true;
  /** It deletes: what is not there any more was not to be. */
  isGone?: true;
  /** The calls that make what this device has of a chat: a local identity is adopted by them. */
  adopt?(rows: LocalRows, chat_id: string): Promise<InputOf<V>[]>;
}

/** Holds a row of the table to its method. */
export const rule = <V extends keyof ArchiveVerbs>(row: Rule<V>): Rule<V> => row;
