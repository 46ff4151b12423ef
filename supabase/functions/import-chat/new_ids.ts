import { createHash } from "node:crypto";

/**
 * The new id of a row, made from its old one and the new chat's, so that references can be followed
 * without a table of all ids in memory. A UUID of version 8 (RFC 9562, 5.8).
 */
export function newId(chatId: string, oldId: string): string {
  const bytes = createHash("sha256").update(`${chatId} ${oldId}`).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
