/**
 * Rows of confirmed files without bytes behind them.
 *
 * @module
 */
import type { Sql } from "postgres";
import { sha256 } from "./files.ts";
import { asOperator } from "./stack.ts";

/** Confirms reservations whatever their bytes are. Two transactions, as the function has them. */
export async function confirmAll(sql: Sql, ids: string[]): Promise<void> {
  const attempts = await sql<{ id: string; key: string }[]>`
    select id, key from begin_confirm(${ids}::uuid[])`;
  await sql`select from confirm_uploads(${sql.json(attempts.map((attempt) => ({ ...attempt })))})`;
}

/**
 * Confirms a document and an image that shows it, as the functions do when they have verified the bytes.
 *
 * @returns their ids
 */
export async function confirmedFiles(
  chat_id: string,
  user_id: string,
  { message_id = null }: { message_id?: string | null } = {},
): Promise<{ document: string; image: string }> {
  const ids = { document: crypto.randomUUID(), image: crypto.randomUUID() };
  await asOperator(async (sql) => {
    await sql`
      insert into uploads (id, chat_id, user_id, kind, file_name, content_type, file_size, sha256)
      values (${ids.document}, ${chat_id}, ${user_id}, 'document', 'a.pdf', 'application/pdf', 1,
              ${sha256(new Uint8Array(1))})`;
    await sql`
      insert into uploads
        (id, chat_id, user_id, message_id, document_id, file_name, content_type, file_size, sha256)
      values (${ids.image}, ${chat_id}, ${user_id}, ${message_id}, ${ids.document}, 'a.png',
              'image/png', 1, ${sha256(new Uint8Array(1))})`;
    await confirmAll(sql, Object.values(ids));
  });
  return ids;
}
