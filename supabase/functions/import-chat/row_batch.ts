/**
 * Rows of an import on their way to the database.
 *
 * @module
 */
import { ChatArchiveError } from "@shared/errors.ts";
import { inputFault } from "@shared/input_fault.ts";
import { damaged } from "./damage.ts";
import type { Lease } from "./lease.ts";

/** Rows of one insert, and bytes of JSON after which it is sent. */
const BATCH_ROWS = 500;
const BATCH_BYTES = 1024 * 1024;

/** Where something stands in the file: keys and indexes. */
export type Place = (string | number)[];

interface Pending<T> {
  row: T;
  place: Place;
}

/** What reservations call otherwise than the file. */
const FIELD_OF: Record<string, Record<string, string>> = {
  images: { file_name: "image_name" },
  documents: { file_name: "name" },
};

/**
 * What the database refused in one value of the file, in words that fit it.
 *
 * @param row as it was to be inserted
 */
export function refused(error: ChatArchiveError, place: Place, row: object): ChatArchiveError {
  const [column] = error.details?.[0]?.path ?? [];
  const field = column === undefined ? [] : [FIELD_OF[place[0]!]?.[column] ?? column];
  switch (error.code) {
    case "not_found":
      return damaged([...place, ...field], "there is no such row before it in the file", error);
    case "conflict":
      return damaged([...place, ...field], "it stands in the file twice", error);
    case "invalid_request": {
      const fault = inputFault(row);
      if (fault) return damaged([...place, ...fault.path], fault.message, error);
      return damaged([...place, ...field], "the value is not allowed", error);
    }
    default:
      return error;
  }
}

/** Collects rows and inserts them some at a time, in order. */
export class RowBatch<T extends object> {
  #rows: Pending<T>[] = [];
  #bytes = 0;
  #insert: (rows: T[]) => Promise<unknown>;
  #lease: Lease;
  #maxRows: number;
  /** Rows that were inserted. */
  count = 0;

  /** @param maxRows of one insert */
  constructor(lease: Lease, insert: (rows: T[]) => Promise<unknown>, maxRows = BATCH_ROWS) {
    this.#insert = insert;
    this.#lease = lease;
    this.#maxRows = maxRows;
  }

  /**
   * @param bytes of the row as JSON
   * @throws {ChatArchiveError} `invalid_request` with the place
   */
  async add(row: T, place: Place, bytes: number): Promise<void> {
    // What is far too large can cost the database seconds before it refuses it.
    const fault = bytes >= BATCH_BYTES ? inputFault(row) : undefined;
    if (fault) throw damaged([...place, ...fault.path], fault.message);
    this.#rows.push({ row, place });
    this.#bytes += bytes;
    if (this.#rows.length >= this.#maxRows || this.#bytes >= BATCH_BYTES) await this.flush();
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
    for (const { row, place } of rows) {
      try {
        await this.#insert([row]);
      } catch (cause) {
        // What is not there may be the chat itself.
        await this.#lease.renew();
        throw cause instanceof ChatArchiveError ? refused(cause, place, row) : cause;
      }
    }
  }
}
