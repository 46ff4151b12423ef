/**
 * Ids of frameworks: texts of any form, where rows have uuids. A framework's id is kept in
 * `external_id`.
 *
 * @module
 */
import { fieldError } from "../../errors.ts";
import { isStorable } from "../../storable.ts";
import type { ArchiveVerbs } from "../archive_verbs.ts";
import type { CallOptions } from "../connection.ts";
import type { Chat } from "../rows.ts";
import { codeOf } from "./code_of.ts";

/** As PostgreSQL writes it. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Characters of a column `external_id`. */
const MAX_LENGTH = 255;

/** Whether an id is a row's id as it stands. */
export const isUuid = (id: string) => UUID.test(id);

/** A framework's id as `external_id` has it: one that no column can hold is hashed. */
export async function externalId(id: string): Promise<string> {
  const fits = id.length <= MAX_LENGTH && isStorable(id);
  return fits ? id : await (await import("./derived_id.ts")).derivedId("external", id);
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
    if (codeOf(error) !== "not_found") throw error;
    return undefined;
  }
}
