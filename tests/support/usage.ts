/**
 * What users hold and may hold, as the database says it, and as their rows do.
 *
 * @module
 */
import type postgres from "postgres";
import { asOperator } from "./stack.ts";

/** What a user holds. */
export type Usage = Record<
  "chats" | "text_bytes" | "objects" | "file_bytes" | "reserved_objects" | "reserved_bytes",
  number
>;

/** Limits of a user. */
export type Quota = Partial<
  Record<"max_chats" | "max_text_bytes" | "max_objects" | "max_file_bytes", number>
>;

const numbers = (row: postgres.Row | undefined): Usage | undefined =>
  row &&
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)])) as Usage;

/** The row of usage, without what is not folded in; undefined where there is none. */
export function storedUsage({ id }: { id: string }): Promise<Usage | undefined> {
  return asOperator(async (sql) => {
    const [row] = await sql`
      select chats, text_bytes, objects, file_bytes, reserved_objects, reserved_bytes
      from usage where user_id = ${id}`;
    return numbers(row);
  });
}

/**
 * The same by the rows themselves. Written here once more, in other words than the database's own.
 */
export function usageOfRows({ id }: { id: string }): Promise<Usage | undefined> {
  return asOperator(async (sql) => {
    const [row] = await sql`
      select
        (select count(*) from chats where user_id = ${id}) as chats,
        coalesce((select sum(256 + octet_length(concat(title, description, metadata, external_id)))
                  from chats where user_id = ${id}), 0)
        + coalesce((select sum(256 + octet_length(concat(content, parts, metadata, external_id)))
                    from chat_messages where user_id = ${id}), 0)
        + coalesce((select sum(256 + octet_length(concat(block_id, block_text, metadata, coords_norm, coords_px)))
                    from search_results where user_id = ${id}), 0)
        + coalesce((select sum(256 + octet_length(concat(image_name, description, coords_norm)))
                    from chat_images where user_id = ${id}), 0)
        + coalesce((select sum(256 + octet_length(concat(name, metadata)))
                    from chat_documents where user_id = ${id}), 0)
        + coalesce((select sum(256 + octet_length(concat(file_name, description, coords_norm)))
                    from uploads where user_id = ${id}), 0) as text_bytes,
        (select count(*) from chat_images where user_id = ${id})
        + (select count(*) from chat_documents where user_id = ${id}) as objects,
        coalesce((select sum(file_size) from chat_images where user_id = ${id}), 0)
        + coalesce((select sum(file_size) from chat_documents where user_id = ${id}), 0) as file_bytes`;
    return { ...numbers(row)!, ...await reserved(sql, id) };
  });
}

/** What is promised to incoming keys: those that the outbox will sweep, and that brought no row. */
async function reserved(sql: postgres.Sql, id: string) {
  const [row] = await sql`
    select count(*) as reserved_objects, coalesce(sum(bytes), 0) as reserved_bytes
    from private.reservations r
    where r.user_id = ${id}
      and not exists (select from chat_images i where i.id = r.upload_id)
      and not exists (select from chat_documents d where d.id = r.upload_id)`;
  return numbers(row)! as Pick<Usage, "reserved_objects" | "reserved_bytes">;
}

/** Gives a user limits of their own. */
export function setQuota({ id }: { id: string }, quota: Quota): Promise<void> {
  return asOperator(async (sql) => {
    await sql`
      insert into quotas ${sql({ user_id: id, ...quota })}
      on conflict (user_id) do update set
        max_chats = excluded.max_chats, max_text_bytes = excluded.max_text_bytes,
        max_objects = excluded.max_objects, max_file_bytes = excluded.max_file_bytes`;
  });
}
