/**
 * What tests of deletion share: the worker, its clock, and what is left.
 *
 * @module
 */
import type { Database } from "@shared/database.types.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import type { ArchiveClient } from "@shared/rows.ts";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";
import { storageCleanup } from "../../supabase/functions/storage-cleanup/handler.ts";
import { workerClient } from "./api_client.ts";
import { asOperator, bucket, stack } from "./stack.ts";
import { type Answer, request, type User } from "./users.ts";

/** Calls the worker's function. */
export function cleanup(body: unknown = {}, status: StackStatus = stack): Promise<Answer> {
  return request("storage-cleanup", {
    method: "POST",
    headers: { apikey: status.SECRET_KEY, "content-type": "application/json" },
    body: JSON.stringify(body),
  }, status);
}

/** Runs the worker in this process. @param changes what its bucket does otherwise than the real one */
export async function runWorker(
  changes: Partial<Pick<ObjectStore, "list" | "deleteMany">> = {},
  ports: { admin?: ArchiveClient; budget?: number; limit?: number } = {},
) {
  const { admin = workerClient(), budget = 20_000, limit = 10_000 } = ports;
  const store = { ...bucket, ...changes };
  const settings = { messageStreamTimeout: 900 };
  const { body } = await storageCleanup({ limit }, {
    admin,
    store,
    settings,
    log: () => {},
    budget,
    // As the stack's functions have them: it is on loopback.
    project: "",
    contentType: "application/pdf",
  });
  if (!("claimed" in body)) throw new Error("this is no report of a run");
  return { body };
}

/** Lets leases of a user's entries run out: their worker is dead. */
export async function endLeases({ id }: Pick<User, "id">): Promise<void> {
  await asOperator((sql) =>
    sql`update storage_deletions set locked_until = now() - interval '1 second'
        where user_id = ${id} and locked_until is not null`
  );
}

/** Moves a user's clocks on until every URL is dead, every lease over and every entry due. */
export async function passTime({ id }: Pick<User, "id">): Promise<void> {
  await asOperator((sql) =>
    sql`update uploads set expires_at = expires_at - interval '3 hours' where user_id = ${id}`
  );
  await endLeases({ id });
  await asOperator((sql) =>
    sql`update storage_deletions set not_before = least(not_before, now())
        where user_id = ${id} and done_at is null`
  );
}

/** Passes time and runs the worker until nothing of a user's is due. */
export async function settleAll(user: Pick<User, "id">): Promise<void> {
  // Twice: what a URL or an attempt could bring is swept again a day later.
  for (let round = 0; round < 2; round++) {
    await passTime(user);
    await cleanup();
  }
}

/** An entry of the outbox, as its test looks at it. */
export type Entry =
  & Pick<
    Database["public"]["Tables"]["storage_deletions"]["Row"],
    "target" | "reason" | "attempts" | "last_error" | "objects_deleted"
  >
  & { done: boolean; dead: boolean; leased: boolean; due_in: number };

/** A user's entries, oldest first. `due_in`: seconds. */
export function entriesOf({ id }: Pick<User, "id">): Promise<Entry[]> {
  return asOperator(async (sql) =>
    (await sql<Entry[]>`
      select target, reason, attempts, last_error, objects_deleted, done_at is not null as done,
             dead_at is not null as dead, locked_until is not null as leased,
             extract(epoch from not_before - now())::float8 as due_in
      from storage_deletions where user_id = ${id} order by created_at, target`)
      .map((row) => ({ ...row }))
  );
}

/** Entries that are not done. */
export async function openEntriesOf(user: Pick<User, "id">): Promise<Entry[]> {
  return (await entriesOf(user)).filter(({ done }) => !done);
}

/** Enqueues keys, of which most need not exist. @returns them */
export async function enqueueKeys(user: User, chat_id: string, count: number): Promise<string[]> {
  return await asOperator(async (sql) =>
    (await sql`
      insert into storage_deletions (user_id, target, reason)
      select ${user.id}, ${`${user.id}/${chat_id}/images/`} || gen_random_uuid() || '.png', 'orphan'
      from generate_series(1, ${count}::int) returning target`).map(({ target }) => target)
  );
}
