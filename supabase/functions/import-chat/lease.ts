import { ChatArchiveError } from "@shared/errors.ts";
import { query } from "@shared/query.ts";
import type { ArchiveClient } from "@shared/rows.ts";

/** Milliseconds after which a lease is renewed; the database gives 15 minutes. */
const RENEWAL_MS = 60_000;

/** An import that lost its lease, because it took too long, has been removed by the worker. */
export function tookTooLong(): ChatArchiveError {
  return new ChatArchiveError("conflict", "the import took too long, and was removed");
}

/** Says that an import is at work: the worker removes one that has not said so for too long. */
export class Lease {
  #admin: ArchiveClient;
  #chatId: string;
  #renewed = performance.now();

  constructor(admin: ArchiveClient, chatId: string) {
    this.#admin = admin;
    this.#chatId = chatId;
  }

  /** @throws {ChatArchiveError} `conflict` where the import has been removed */
  async renew(): Promise<void> {
    this.#renewed = performance.now();
    if (!await query(() => this.#admin.rpc("renew_import", { of_chat: this.#chatId }))) {
      throw tookTooLong();
    }
  }

  /** The same, where it is time to. */
  async renewIfDue(): Promise<void> {
    if (performance.now() - this.#renewed >= RENEWAL_MS) await this.renew();
  }
}
