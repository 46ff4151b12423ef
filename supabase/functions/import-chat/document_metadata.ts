import { eachOf } from "@shared/async.ts";
import { IMPORT_LIMITS } from "@shared/contracts/import-chat.ts";
import type { Json } from "@shared/database.types.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import { tooLarge } from "./damage.ts";
import { type Place, refused } from "./row_batch.ts";

/** Documents that are written side by side. */
const PARALLEL_DOCUMENTS = 4;

/** Metadata of documents, which has no place in a reservation: it waits for the documents. */
export class DocumentMetadata {
  #db: ArchiveClient;
  /** By the document's new id; as text, which takes less memory than what it says. */
  #kept = new Map<string, { text: string; place: Place }>();
  #length = 0;

  /** @param db the caller's rights */
  constructor(db: ArchiveClient) {
    this.#db = db;
  }

  /** @throws {ChatArchiveError} `payload_too_large` */
  keep(documentId: string, metadata: { [key: string]: Json }, place: Place): void {
    const text = JSON.stringify(metadata);
    if (text === "{}") return;
    const { document_metadata } = IMPORT_LIMITS;
    this.#length += text.length;
    if (this.#length > document_metadata) {
      throw tooLarge([...place, "metadata"].join("."), document_metadata);
    }
    this.#kept.set(documentId, { text, place });
  }

  /**
   * Writes it.
   *
   * @param ids of the documents that are there
   * @throws {ChatArchiveError} `invalid_request` with the place of what is refused
   */
  async write(ids: string[]): Promise<void> {
    const kept = ids.filter((id) => this.#kept.has(id));
    await eachOf(kept, PARALLEL_DOCUMENTS, async (id) => {
      const { text, place } = this.#kept.get(id)!;
      const metadata = JSON.parse(text);
      try {
        await query(() => this.#db.from("chat_documents").update({ metadata }).eq("id", id));
      } catch (error) {
        throw error instanceof ChatArchiveError ? refused(error, place, { metadata }) : error;
      }
    });
  }
}
