import type { Json } from "../../database.types.ts";

/**
 * Where a device keeps what is not saved on the server, and what it knows of the rest. A small port:
 * JSON values by key. The library prefixes every key with the user's id.
 */
export interface OfflineStore {
  /** All entries whose key begins with the prefix, in the order of their keys. */
  read(prefix: string): Promise<[key: string, value: Json][]>;
  /** Makes all changes or none of them, and resolves when they are safe. undefined removes. */
  write(changes: Map<string, Json | undefined>): Promise<void>;
  /** Frees what the store holds. */
  close(): Promise<void>;
}
