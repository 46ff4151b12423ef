import { fieldError } from "../errors.ts";
import { MAX_ROWS } from "../limits.ts";
import type { NewMessage } from "./add_messages.ts";
import type { CallOptions } from "./connection.ts";

/** A list of messages to be saved as one. */
export interface SaveMessages extends CallOptions {
  chat_id: string;
  /** At most 1,000. Those whose id is there already are changed, the others are added, in order. */
  messages: NewMessage[];
  /**
   * Ids that this writer knew, at most 1,000: those that are not in the list any more are deleted. What
   * somebody else has added is never among them.
   */
  replaces?: string[] | undefined;
}

/** What save_messages takes. It would pass over anything else without a word. */
const COLUMNS: Record<keyof NewMessage | "chat_id", true> = {
  id: true,
  chat_id: true,
  role: true,
  content: true,
  message_type: true,
  parts: true,
  metadata: true,
  parent_id: true,
  external_id: true,
  status: true,
  created_at: true,
};

/** @throws {ChatArchiveError} `invalid_request` */
export function assertSavable({ messages, replaces = [] }: SaveMessages): void {
  for (const [name, list] of Object.entries({ messages, replaces })) {
    if (list.length > MAX_ROWS) {
      throw fieldError("invalid_request", [name], `at most ${MAX_ROWS}`);
    }
  }
  messages.forEach((message, index) => {
    const unknown = Object.keys(message).find((name) => !Object.hasOwn(COLUMNS, name));
    if (unknown === undefined) return;
    throw fieldError("invalid_request", ["messages", index, unknown], "there is no such column");
  });
}
