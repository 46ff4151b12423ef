/**
 * Rows of an import on their way to the database.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import { damaged } from "./damage.ts";
import type { Lease } from "./lease.ts";

/** Rows of one insert, and bytes of JSON after which it is sent. */
const BATCH_ROWS = 500;
const BATCH_BYTES = 1024 * 1024;

/** A row, and which one of the file's array it is. */
interface Pending<T> {
  row: T;
  index: number;
}

/** The field of the file that belongs to the column that an error of the database names. */
export function fieldOf(error: ChatArchiveError): (string | number)[] {
  const path = error.details?.[0]?.path ?? [];
  // A reservation calls it so.
  return path.map((column) => column === "file_name" ? "image_name" : column);
}

/** What the database refused in one row, in words that fit a file. */
function refused(error: ChatArchiveError, table: string, index: number): ChatArchiveError {
  switch (error.code) {
    case "not_found":
      return damaged([table, index, "message_id"], "there is no such message in the file", error);
    case "conflict":
      return damaged([table, index, "id"], "it stands in the file twice", error);
    case "invalid_request":
      return damaged([table, index, ...fieldOf(error)], "the value is not allowed", error);
    default:
      return error;
  }
}

/** Collects rows and inserts them some at a time, in order. */
export class RowBatch<T> {
  #rows: Pending<T>[] = [];
  #bytes = 0;
  #table: string;
  #insert: (rows: T[]) => Promise<unknown>;
  #lease: Lease;
  /** Rows that were inserted. */
  count = 0;

  /** @param table the rows' array in the file */
  constructor(table: string, lease: Lease, insert: (rows: T[]) => Promise<unknown>) {
    this.#table = table;
    this.#lease = lease;
    this.#insert = insert;
  }

  /** @param bytes of the row as JSON */
  async add(row: T, index: number, bytes: number): Promise<void> {
    this.#rows.push({ row, index });
    this.#bytes += bytes;
    if (this.#rows.length >= BATCH_ROWS || this.#bytes >= BATCH_BYTES) await this.flush();
  }

  /** Inserts what has been collected. @throws {ChatArchiveError} `invalid_request` with the place */
  async flush(): Promise<void> {
    const rows = this.#rows;
    if (rows.length === 0) return;
    [this.#rows, this.#bytes] = [[], 0];
    try {
      await this.#insert(rows.map(({ row }) => row));
    } catch (error) {
      if (!(error instanceof ChatArchiveError) || error.status >= 500) throw error;
      await this.#findRefused(rows);
      throw error;
    }
    this.count += rows.length;
    await this.#lease.renewIfDue();
  }

  /** Inserts one by one, to learn which is refused. What gets in now goes with the import. */
  async #findRefused(rows: Pending<T>[]): Promise<void> {
    for (const { row, index } of rows) {
      try {
        await this.#insert([row]);
      } catch (cause) {
        // What is not there may be the chat itself.
        await this.#lease.renew();
        throw cause instanceof ChatArchiveError ? refused(cause, this.#table, index) : cause;
      }
    }
  }
}
