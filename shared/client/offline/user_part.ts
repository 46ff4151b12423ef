import type { StoreTransaction } from "./store.ts";

/** What a device holds of a chat. */
export type Held = {
  /** Characters of JSON. */
  size: number;
  /** Number of the transaction that used it last. */
  used: number;
};

/** One user's part of a store, in one transaction: keys, numbers, what is pending, files, sizes. */
export class UserPart {
  #number: Promise<number> | undefined;
  #grown = new Map<string, number>();

  /**
   * @param tx      of the store
   * @param user_id whose part of the store it is
   */
  constructor(readonly tx: StoreTransaction, readonly user_id: string) {}

  /** A key of the user's part. */
  key(...parts: string[]): string {
    return [this.user_id, ...parts].join("/");
  }

  /** Entries of the user's part, without their prefix. */
  async read<T>(...parts: string[]): Promise<[string, T][]> {
    const prefix = this.key(...parts, "");
    const entries = await this.tx.read(prefix);
    return entries.map(([key, value]) => [key.slice(prefix.length), value as T]);
  }

  /** Counts. The store gives the numbers: clocks may be set back, and tabs share a store. */
  async next(): Promise<number> {
    const key = this.key("number");
    const number = Number(await this.tx.get(key) ?? 0) + 1;
    this.tx.set(key, number);
    return number;
  }

  /** The number of this transaction, if it changes something. */
  number(): Promise<number> {
    return this.#number ??= this.next();
  }

  /** Whether pending writes are about a row: the server does not know the latest of it. */
  async isPending(id: string): Promise<boolean> {
    return await this.tx.get(this.key("pending", id)) !== undefined;
  }

  /** Whether pending writes are about a chat. */
  async isBusy(chat_id: string): Promise<boolean> {
    return await this.tx.get(this.key("busy", chat_id)) !== undefined;
  }

  /** Counts something up or down; at nothing its key goes. */
  async count(by: number, ...parts: string[]): Promise<number> {
    const key = this.key(...parts);
    const count = Number(await this.tx.get(key) ?? 0) + by;
    if (by !== 0) this.tx.set(key, count === 0 ? undefined : count);
    return count;
  }

  /** Notes what this transaction added to each chat. @returns characters that the user's rows take */
  async sized(): Promise<number> {
    let total = 0;
    for (const [id, grown] of this.#grown) {
      const key = this.key("held", id);
      const held = await this.tx.get(key) as Held | undefined;
      const size = (held?.size ?? 0) + grown;
      this.tx.set(key, size > 0 ? { size, used: await this.number() } : undefined);
      total += grown;
    }
    this.#grown.clear();
    return await this.count(total, "size");
  }

  /** Keeps the bytes of a file until the server has them. @param bytes as base64 */
  putFile(row: { id: string; chat_id: string }, bytes: string): void {
    this.tx.set(this.key("file", row.id), bytes);
    this.grow(row, bytes.length);
  }

  /** The bytes of a file that waits, as base64. */
  async file(id: string): Promise<string | undefined> {
    return await this.tx.get(this.key("file", id)) as string | undefined;
  }

  async removeFile(row: { id: string; chat_id: string }): Promise<void> {
    const bytes = await this.file(row.id);
    if (bytes === undefined) return;
    this.tx.set(this.key("file", row.id), undefined);
    this.grow(row, -bytes.length);
  }

  /** Notes that a chat takes more room, or less. */
  protected grow(row: { id: string } | { chat_id: string }, by: number) {
    const chat_id = "chat_id" in row ? row.chat_id : row.id;
    this.#grown.set(chat_id, (this.#grown.get(chat_id) ?? 0) + by);
  }
}
