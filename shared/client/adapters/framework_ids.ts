/**
 * Ids of frameworks: texts of any form, where rows have uuids. A framework's id is kept in
 * `external_id`.
 *
 * @module
 */
import { ChatArchiveError, fieldError } from "../../errors.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { CallOptions } from "../connection.ts";
import type { Chat } from "../rows.ts";
import { sha256Of } from "../sha256.ts";

/** As PostgreSQL writes it. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Characters of a column `external_id`. */
const MAX_LENGTH = 255;

/** Whether an id is a row's id as it stands. */
export const isUuid = (id: string) => UUID.test(id);

/** The uuid (version 8, RFC 9562) that some names always have together. */
export async function derivedId(...names: string[]): Promise<string> {
  const hex = await sha256Of(new Blob([JSON.stringify(names)]));
  const variant = "89ab"[parseInt(hex[16]!, 16) & 3];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** A framework's id as `external_id` has it: one that no column can hold is hashed. */
export async function externalId(id: string): Promise<string> {
  const fits = id.length <= MAX_LENGTH && !id.includes("\0") && id.isWellFormed();
  return fits ? id : await derivedId("external", id);
}

/** @throws {ChatArchiveError} `invalid_request` where it is no id */
export function assertId(id: unknown, path: (string | number)[] = ["id"]): asserts id is string {
  if (typeof id === "string" && id !== "") return;
  throw fieldError("invalid_request", path, "must be a text that is not empty");
}

/** What is needed to find and to begin a chat. */
export type ChatVerbs = Pick<ArchiveVerbs, "listChats" | "getChat" | "createChat">;

/**
 * The chat to which a framework gave an id, or whose row has this id.
 *
 * @returns undefined where the caller has none
 * @throws {ChatArchiveError} `invalid_request` where the id is empty
 */
export async function findChat(
  archive: Pick<ChatVerbs, "listChats" | "getChat">,
  { id, signal }: { id: string } & CallOptions,
): Promise<Chat | undefined> {
  assertId(id);
  const { chats } = await archive.listChats({ external_id: await externalId(id), signal });
  if (chats[0] || !isUuid(id)) return chats[0];
  try {
    return await archive.getChat({ id, signal });
  } catch (error) {
    if (error instanceof ChatArchiveError && error.code === "not_found") return undefined;
    throw error;
  }
}

/**
 * The same, and where there is none, a new one.
 *
 * @param title of a new one
 * @throws {ChatArchiveError} `conflict` where the id is that of another user's chat
 */
export async function openChat(
  archive: ChatVerbs,
  { title, ...which }: { id: string; title: string } & CallOptions,
): Promise<Chat> {
  const found = await findChat(archive, which);
  if (found) return found;
  const { id, signal } = which;
  const external_id = await externalId(id);
  try {
    return await archive.createChat({ ...isUuid(id) ? { id } : {}, external_id, title, signal });
  } catch (error) {
    // Another tab may have been first.
    const isTaken = error instanceof ChatArchiveError && error.code === "conflict";
    const theirs = isTaken ? await findChat(archive, which) : undefined;
    if (theirs) return theirs;
    throw error;
  }
}
