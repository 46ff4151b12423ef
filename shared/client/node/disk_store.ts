/**
 * The client library's store on disk, for Deno and Node.
 *
 * @module
 */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { delay } from "../../async.ts";
import type { Json } from "../../database.types.ts";
import type { OfflineStore, StoreTransaction } from "../offline/store.ts";

/** Between two looks whether another process has ended its transaction, which takes milliseconds. */
const LOOK_AGAIN_MS = 5;
/** After it, the other process is taken to hang. */
const LOCKED_FOR_MS = 10_000;

const SCHEMA = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma secure_delete = on;
  create table if not exists entries (key text primary key, value text not null) without rowid`;

function opened(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  // SQLite gives its other files the rights of this one: only the user of the process may read them.
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  return database;
}

function transactionOf(database: DatabaseSync): StoreTransaction {
  const one = database.prepare("select value from entries where key = ?");
  const range = database.prepare(
    "select key, value from entries where key >= ? and key < ? order by key",
  );
  const put = database.prepare("insert or replace into entries (key, value) values (?, ?)");
  const remove = database.prepare("delete from entries where key = ?");
  const parsed = (row: Record<string, unknown>) => JSON.parse(row.value as string) as Json;
  // Promises although SQLite answers at once: an error must reject, as it does in other stores.
  return {
    // deno-lint-ignore require-await
    async get(key) {
      const row = one.get(key);
      return row && parsed(row);
    },
    // deno-lint-ignore require-await
    async read(prefix) {
      const rows = range.all(prefix, `${prefix}\uffff`);
      return rows.map((row) => [row.key as string, parsed(row)]);
    },
    set(key, value) {
      if (value === undefined) remove.run(key);
      else put.run(key, JSON.stringify(value));
    },
  };
}

/**
 * Keeps rows and what is pending in an SQLite database, across restarts. Any number of processes may
 * use it at the same time.
 *
 * @param path of the file; its folder is created. It holds chats in the clear: only the user who runs
 *   the process may read it. SQLite puts `-wal` and `-shm` files beside it.
 */
export function diskStore(path: string): OfflineStore {
  let database: DatabaseSync | undefined;
  let transaction: StoreTransaction | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  /** Waits for other processes without blocking this one. */
  async function alone<T>(statement: () => T): Promise<T> {
    for (const deadline = performance.now() + LOCKED_FOR_MS;;) {
      try {
        return statement();
      } catch (error) {
        const locked = /locked|busy/i.test((error as Error).message);
        if (!locked || performance.now() > deadline) throw error;
      }
      await delay(LOOK_AGAIN_MS * (0.5 + Math.random()));
    }
  }

  async function run<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    database ??= await alone(() => opened(path));
    transaction ??= transactionOf(database);
    const open = database;
    await alone(() => open.exec("begin immediate"));
    try {
      const result = await work(transaction);
      open.exec("commit");
      return result;
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (open.isTransaction !== false) open.exec("rollback");
      throw error;
    }
  }

  /** One after the other: a connection has one transaction. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  }

  return {
    transact: (work) => inTurn(() => run(work)),
    close: () =>
      inTurn(() => {
        database?.close();
        database = transaction = undefined;
        return Promise.resolve();
      }),
  };
}
