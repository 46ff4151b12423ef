/** A caller that hangs up while confirm-upload copies. */
import { delay } from "@shared/async.ts";
import { assertEquals } from "@std/assert";
import { startConfiguredStack } from "../support/configured_stack.ts";
import { eventually } from "../support/eventually.ts";
import { image, reserve } from "../support/files.ts";
import { startScriptedBucket } from "../support/scripted_bucket.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

/** Milliseconds in which the function learns that its caller is gone; nothing says when it has. */
const HANG_UP_MS = 1_000;

Deno.test("what was copied is recorded, or given up, also where the caller hangs up", async () => {
  const good = image("good.png", 1);
  const bad = image("bad.png", 2);
  const caller = new AbortController();
  await using server = startScriptedBucket(async ({ method }) => {
    if (method === "HEAD") {
      return new Response(null, { headers: { "content-length": String(good.bytes.length) } });
    }
    if (method === "PUT") {
      caller.abort();
      await delay(HANG_UP_MS);
      return new Response(
        '<CopyObjectResult><ETag>"0"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified>' +
          "</CopyObjectResult>",
        { headers: { "content-type": "application/xml" } },
      );
    }
    // Both reservations get the bytes of the first.
    return new Response(good.bytes);
  });
  const { endpoint, bucket } = server.settings;
  await using own = await startConfiguredStack({ S3_ENDPOINT: endpoint!, S3_BUCKET: bucket });
  const user = await signUp(own.status);
  const chat_id = await user.createChat();
  assertEquals(good.bytes.length, bad.bytes.length);
  const uploads = await reserve(user, chat_id, [good, bad]);
  const ids = uploads.map(({ id }) => id);
  await fetch(`${own.status.FUNCTIONS_URL}/confirm-upload`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.token}`, "content-type": "application/json" },
    body: JSON.stringify({ ids }),
    signal: caller.signal,
  }).catch(() => {});
  assertEquals(caller.signal.aborted, true);
  const state = await eventually("both are settled", async () => {
    const [images, entries] = await asOperator((sql) =>
      Promise.all([
        sql<{ id: string }[]>`select id from chat_images where chat_id = ${chat_id}`,
        sql<{ reason: string; target: string }[]>`
          select reason, target from storage_deletions
          where user_id = ${user.id} and reason like 'copy_%'`,
      ])
    );
    return images.length > 0 ? { images, entries } : undefined;
  });
  assertEquals(state.images.map(({ id }) => id), [ids[0]]);
  assertEquals(state.entries.map(({ reason, target }) => [reason, target]), [
    ["copy_given_up", `${user.id}/${chat_id}/images/${ids[1]}-1.png`],
  ]);
});
