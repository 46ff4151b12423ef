import { bindVerbs, type ChatArchive } from "./chat_archive.ts";
import { type ArchiveClient, connect, type ConnectionOptions } from "./connection.ts";

/**
 * The archive of the user who is signed in with a client of supabase-js.
 *
 * @example Keep a conversation
 * ```ts
 * import { createChatArchive } from "@shared/client/mod.ts";
 *
 * const archive = createChatArchive(supabase);
 * const chat = await archive.createChat({ title: "My document" });
 * await archive.addMessage({ chat_id: chat.id, role: "user", content: "What is on page 2?" });
 * for await (const message of archive.messages({ chat_id: chat.id })) {
 *   console.log(message.role, message.content);
 * }
 * ```
 */
export function createChatArchive(
  supabase: ArchiveClient,
  options: ConnectionOptions = {},
): ChatArchive {
  return bindVerbs(connect(supabase, options));
}
