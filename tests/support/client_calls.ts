/**
 * What tests of the library share.
 *
 * @module
 */
import { type ChatArchive, ChatArchiveError } from "@shared/client/mod.ts";
import type { ErrorCode } from "@shared/errors.ts";
import { assertEquals, assertRejects } from "@std/assert";

/** Checks that a call of the library fails with a code. @returns the error */
export async function assertCode(
  work: () => Promise<unknown>,
  code: ErrorCode,
): Promise<ChatArchiveError> {
  const error = await assertRejects(work, ChatArchiveError);
  assertEquals(error.code, code, error.message);
  return error;
}

/** What a chat's messages say, in order. */
export async function contents(archive: ChatArchive, chat_id: string): Promise<string[]> {
  return (await Array.fromAsync(archive.messages({ chat_id }))).map(({ content }) => content);
}
