import { fieldError } from "../errors.ts";
import { query } from "../query.ts";
import type { CallOptions, Connection } from "./connection.ts";
import { FIRST_LOCAL_SEQ } from "./local_seq.ts";
import { operateEach, type Operation } from "./operation.ts";
import type { Message } from "./rows.ts";

/** Which messages. */
export interface ReadMessages extends CallOptions {
  chat_id: string;
  /** Only those whose seq is greater: pass the last one seen to read on from there. */
  after?: number | undefined;
}

/** Pages of a chat's messages, each bounded by rows and by bytes. */
export async function* messagePages(
  { connection: { supabase }, limit }: Operation,
  chat_id: string,
  after = 0,
): AsyncGenerator<Message[]> {
  for (let after_seq = after;;) {
    const page = await query(() =>
      supabase.rpc("chat_messages_page", { of_chat: chat_id, after_seq }).abortSignal(limit())
    );
    // Bounded by bytes: a short page does not mean the last one.
    if (page.length === 0) return;
    yield page as Message[];
    after_seq = page.at(-1)!.seq;
  }
}

/**
 * Messages of a chat in order, read page by page. Others may append meanwhile: every message comes
 * exactly once. A chat that is not the caller's has none.
 *
 * @throws {ChatArchiveError} `invalid_request` where `after` is the provisional seq of a pending row
 */
export function messages(
  connection: Connection,
  { chat_id, after, signal }: ReadMessages,
): AsyncGenerator<Message, void, undefined> {
  const facts = { operation: "messages", chat_id, signal };
  return operateEach(connection, facts, async function* (operation) {
    if (after !== undefined && after >= FIRST_LOCAL_SEQ) {
      // By the server's numbers nothing would come after it, for ever.
      const message = "is of a row that was not saved then: use the last one that was";
      throw fieldError("invalid_request", ["after"], message);
    }
    for await (const page of messagePages(operation, chat_id, after)) yield* page;
  });
}
