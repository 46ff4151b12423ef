/** The database is killed in the middle of a deletion: what was claimed is neither lost nor done twice. */
import postgres from "postgres";
import { ChatArchiveError } from "@shared/errors.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { operatorBucket } from "../../tools/operator_bucket.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { removeDataFolder } from "../support/data_folder.ts";
import { runWorker } from "../support/deletion.ts";
import { eventually } from "../support/eventually.ts";
import { png } from "../support/files.ts";
import { databaseProcess, startStackProcess } from "../support/stack_process.ts";
import { keysBelow } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

async function killDatabaseBeforeSettling(status: StackStatus) {
  const store = operatorBucket(status);
  const user = await signUp(status);
  const chat_id = await user.createChat();
  const body = png(2, 2);
  const key = `${user.id}/${chat_id}/images/${crypto.randomUUID()}.png`;
  await store.put({ key, body, size: body.length, contentType: "image/png" });
  const { error } = await user.client.from("chats").delete().eq("id", chat_id);
  assertEquals(error, null);

  const pid = await databaseProcess(status);
  const sql = postgres(status.DB_URL, { max: 1, onnotice: () => {}, connect_timeout: 5 });
  try {
    // The stack starts it again within moments, in which this worker must not settle.
    let isDown = false;
    const admin = apiClient({
      url: status.API_URL,
      key: status.SECRET_KEY,
      fetch: (input, init) =>
        isDown ? Promise.reject(new TypeError("no network")) : fetch(input, init),
    });
    const outcome = await runWorker({
      ...store,
      async deleteMany(keys) {
        const failures = await store.deleteMany(keys);
        Deno.kill(pid, "SIGKILL");
        isDown = true;
        return failures;
      },
    }, { admin }).then(() => undefined, (error: Error) => error);
    assert(outcome instanceof ChatArchiveError, String(outcome));
    assertEquals(outcome.code, "database_unavailable");
    isDown = false;
    const entry = () =>
      eventually("the database is back", async () => {
        const rows = await sql`select done_at is not null as done, attempts, objects_deleted,
                 locked_until is not null as leased
          from storage_deletions where chat_id = ${chat_id}`.catch(() => []);
        return rows[0];
      });
    const after = await entry();
    assertEquals([after["leased"], after["attempts"]], [true, 0], "the claim outlived the server");
    await sql`update storage_deletions set locked_until = now() - interval '1 second'
      where locked_until is not null`;
    // The first call on a connection that the server's end has broken may still fail.
    await eventually(
      "the API reaches the database",
      async () => !(await admin.from("chats").select("id").limit(1)).error,
    );
    await runWorker({ ...store }, { admin });
    assertEquals((await entry())["done"], true);
    assertEquals(await keysBelow(`${user.id}/`, store), []);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

Deno.test("the database is killed between claim and settle, and comes back", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-deletion-" });
  try {
    // Not an ephemeral one, whose database does without the disk.
    await using stack = await startStackProcess({ dataDir });
    await killDatabaseBeforeSettling(stack.status);
  } finally {
    await removeDataFolder(dataDir);
  }
});
