import type { CallOptions } from "../connection.ts";
import type { Chat, Metadata } from "../rows.ts";
import { codeOf } from "./code_of.ts";
import { type ChatVerbs, externalId, findChat, isUuid } from "./framework_ids.ts";

/**
 * The chat to which a framework gave an id, or whose row has this id; where there is none, a new one.
 *
 * @param title    of a new one
 * @param metadata of a new one
 * @throws {ChatArchiveError} `conflict` where the id is that of another user's chat
 */
export async function openChat(
  archive: ChatVerbs,
  { title, metadata = {}, ...which }:
    & { id: string; title: string; metadata?: Metadata }
    & CallOptions,
): Promise<Chat> {
  const found = await findChat(archive, which);
  if (found) return found;
  const { id, signal } = which;
  const external_id = await externalId(id);
  try {
    const chat = { external_id, title, metadata, signal };
    return await archive.createChat({ ...isUuid(id) ? { id } : {}, ...chat });
  } catch (error) {
    // Another tab may have been first.
    const theirs = codeOf(error) === "conflict" ? await findChat(archive, which) : undefined;
    if (theirs) return theirs;
    throw error;
  }
}
