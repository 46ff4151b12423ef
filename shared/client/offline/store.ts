import type { Json } from "../../database.types.ts";

/** What can be done in one transaction of a store. */
export interface StoreTransaction {
  /** The value of a key, or undefined. */
  get(key: string): Promise<Json | undefined>;
  /** All entries whose key begins with the prefix, in the order of their keys. */
  read(prefix: string): Promise<[key: string, value: Json][]>;
  /** Writes a value; undefined removes it. What is read afterwards sees it. */
  set(key: string, value: Json | undefined): void;
}

/**
 * Where a device keeps what is not saved on the server, and what it knows of the rest. A small port:
 * JSON values by key (ASCII), changed in transactions. Any number of tabs or processes may have the
 * same store open, so that a transaction must be alone in all of them.
 */
export interface OfflineStore {
  /**
   * Runs work that reads and then changes entries: no other transaction of the store runs in between,
   * in any tab or process. All of its changes are made, or none where it throws; when the call
   * resolves, they are safe.
   *
   * @param work awaits nothing but the transaction's own methods: IndexedDB ends a transaction that waits
   *   for anything else
   */
  transact<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  /** Frees what the store holds. */
  close(): Promise<void>;
}
