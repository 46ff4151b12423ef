import type postgres from "postgres";
import type { StackStatus } from "../../stack/status_file.ts";

/**
 * Runs the worker until nothing of some users is due; every sweep of URLs that were given out is due now.
 *
 * @param users ids; others' entries keep their time
 * @throws where the worker does not come to an end
 */
export async function settle(
  { FUNCTIONS_URL, SECRET_KEY }: StackStatus,
  sql: postgres.Sql,
  users: string[],
): Promise<void> {
  await sql`update public.storage_deletions set not_before = now(), locked_until = null
    where done_at is null and user_id = any (${users}::uuid[])`;
  for (let run = 0; run < 200; run++) {
    const response = await fetch(`${FUNCTIONS_URL}/storage-cleanup`, {
      method: "POST",
      headers: { apikey: SECRET_KEY, "content-type": "application/json" },
      body: "{}",
    });
    await response.body?.cancel();
    const [row] = await sql<{ due: number }[]>`
      select count(*)::int as due from public.storage_deletions
      where done_at is null and not_before <= now() and user_id = any (${users}::uuid[])`;
    if (row!.due === 0) return;
  }
  throw new Error("the worker does not come to an end");
}
