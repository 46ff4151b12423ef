import { query } from "@shared/query.ts";
import type { ArchiveClient, Tables } from "@shared/rows.ts";
import type { Lease } from "./lease.ts";

type Row = Tables["search_results"]["Insert"] & { id: string };

/** Search results name documents whose bytes come after them: the names wait in the database. */
export class SearchResultDocuments {
  #chatId: string;
  #db: ArchiveClient;
  #admin: ArchiveClient;
  #areAwaited = false;

  /** @param db the caller's rights, with which rows are inserted */
  constructor(chatId: string, db: ArchiveClient, admin: ArchiveClient) {
    this.#chatId = chatId;
    this.#db = db;
    this.#admin = admin;
  }

  /** Inserts search results, which get their documents by {@link name}. */
  async insert(rows: Row[]): Promise<void> {
    const unnamed = rows.map((row) => ({ ...row, document_id: null }));
    await query(() => this.#db.from("search_results").insert(unnamed));
    const named = rows.flatMap(({ id, document_id }) =>
      document_id ? [{ search_result_id: id, document_id }] : []
    );
    if (named.length === 0) return;
    this.#areAwaited = true;
    await query(() => this.#admin.rpc("await_import_documents", { of_chat: this.#chatId, named }));
  }

  /** Gives search results the documents that have arrived. */
  async name(lease: Lease): Promise<void> {
    while (
      this.#areAwaited &&
      await query(() => this.#admin.rpc("name_import_documents", { of_chat: this.#chatId })) > 0
    ) await lease.renewIfDue();
  }
}
