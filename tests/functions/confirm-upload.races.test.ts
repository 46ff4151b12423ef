/**
 * confirm-upload, while somebody else works on the same upload: between any two of its steps, and at
 * the same time. The handler runs here over the real database and bucket, so that a test can step in.
 */
import type { ConfirmPorts } from "../../supabase/functions/_shared/confirm_uploads.ts";
import { confirmUpload } from "../../supabase/functions/confirm-upload/handler.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { workerClient } from "../support/api_client.ts";
import { cleanup } from "../support/deletion.ts";
import { image, put, reserve } from "../support/files.ts";
import { asOperator, bucket, keysBelow } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

type Store = ConfirmPorts["store"];
type Upload = Awaited<ReturnType<typeof reserve>>[number];

const user = await signUp();
const admin = workerClient();

const first = image("a.png", 1);
const second = image("a.png", 2);

/** An upload whose bytes have arrived. */
async function arrived() {
  const chat_id = await user.createChat();
  const [upload] = await reserve(user, chat_id, [first]) as [Upload];
  assertEquals(await put(upload, first.bytes), 200);
  return { chat_id, upload, incoming: `${user.id}/${chat_id}/incoming/${upload.id}` };
}

/** Confirms one upload with a bucket that a test has changed. */
async function confirm({ id }: Upload, changes: Partial<Store> = {}) {
  const ports = { db: user.client, admin, store: { ...bucket, ...changes } };
  const { body: { images, rejected } } = await confirmUpload({ ids: [id] }, ports);
  assertEquals(images.length + rejected.length, 1, "one outcome");
  return { image: images[0], rejected: rejected[0] };
}

const expire = ({ id }: Upload) =>
  asOperator((sql) =>
    sql`update uploads set expires_at = now() - interval '61 minutes' where id = ${id}`
  );

const finalKeys = (chat_id: string) => keysBelow(`${user.id}/${chat_id}/images/`);

Deno.test("the object vanishes before the confirm: upload_mismatch", async () => {
  const { upload, incoming } = await arrived();
  await bucket.deleteMany([incoming]);
  assertEquals((await confirm(upload)).rejected?.code, "upload_mismatch");
});

Deno.test("it vanishes, or is replaced, while it is looked at: upload_mismatch", async () => {
  const between: ((incoming: string, upload: Upload) => Promise<unknown>)[] = [
    (incoming) => bucket.deleteMany([incoming]),
    (_, upload) => put(upload, second.bytes),
  ];
  for (const stepIn of between) {
    for (const step of ["get", "copy"] as const) {
      const { chat_id, upload, incoming } = await arrived();
      const original = bucket[step] as (...args: unknown[]) => Promise<never>;
      const { rejected } = await confirm(upload, {
        [step]: async (...args: unknown[]) => {
          await stepIn(incoming, upload);
          return await original(...args);
        },
      });
      assertEquals(rejected?.code, "upload_mismatch", step);
      assertEquals(await finalKeys(chat_id), []);
    }
  }
});

Deno.test("other bytes that arrive after the copy change nothing", async () => {
  const { upload } = await arrived();
  const { image } = await confirm(upload, {
    copy: async (...args) => {
      const etag = await bucket.copy(...args);
      await put(upload, second.bytes);
      return etag;
    },
  });
  assertEquals(image?.id, upload.id);
  const object = await bucket.get(image!.s3_path);
  assertEquals(await new Response(object!.body).bytes(), first.bytes);
});

Deno.test("a bucket that gives copies another ETag: fine while the source is what was verified", async () => {
  const reEncrypted = (meanwhile: (upload: Upload) => Promise<unknown>) => (upload: Upload) =>
    confirm(upload, {
      copy: async (...args) => {
        await bucket.copy(...args);
        await meanwhile(upload);
        return '"another"';
      },
    });
  const calm = await arrived();
  assertEquals((await reEncrypted(() => Promise.resolve())(calm.upload)).image?.id, calm.upload.id);
  const disturbed = await arrived();
  const { rejected } = await reEncrypted((upload) => put(upload, second.bytes))(disturbed.upload);
  assertEquals(rejected?.code, "upload_mismatch");
});

Deno.test("it expires between the copy and the record: expired, and the copy is swept", async () => {
  const { chat_id, upload } = await arrived();
  const { rejected } = await confirm(upload, {
    copy: async (...args) => {
      const etag = await bucket.copy(...args);
      await expire(upload);
      return etag;
    },
  });
  assertEquals(rejected?.code, "upload_mismatch");
  assertMatch(rejected!.message, /expired/);
  assertEquals(await finalKeys(chat_id), [upload.path], "the copy was made");

  assertEquals((await cleanup()).status, 200);
  await asOperator((sql) =>
    sql`update storage_deletions set not_before = now()
        where target like ${`${user.id}/${chat_id}/%`} and done_at is null`
  );
  assertEquals((await cleanup()).status, 200);
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
});

Deno.test("its chat is deleted between the copy and the record: nothing of it stays", async () => {
  const { chat_id, upload } = await arrived();
  const { rejected } = await confirm(upload, {
    copy: async (...args) => {
      const etag = await bucket.copy(...args);
      await asOperator((sql) => sql`delete from chats where id = ${chat_id}`);
      return etag;
    },
  });
  assertEquals(rejected?.code, "not_found");
  await cleanup();
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
});

Deno.test("two confirms and the expiry at once: one outcome for each upload", async () => {
  const chat_id = await user.createChat();
  const uploads = await reserve(user, chat_id, Array(16).fill(first));
  await Promise.all(uploads.map((upload) => put(upload, first.bytes)));
  const ids = uploads.map(({ id }) => id);
  // The moment of truth comes while the confirms are under way: some are in time, some are not.
  await asOperator((sql) =>
    sql`
      update uploads set expires_at = now() - interval '1 hour' + n * interval '15 milliseconds'
      from (select id, row_number() over (order by id) as n from uploads
            where chat_id = ${chat_id}) numbered
      where uploads.id = numbered.id`
  );
  const answers = await Promise.all([
    user.call("confirm-upload", { ids }),
    ...ids.map((id) => user.call("confirm-upload", { ids: [id] })),
    cleanup(),
    cleanup(),
  ]);
  for (const { status } of answers) assertEquals(status, 200);
  await cleanup();

  const { data: images } = await user.client.from("chat_images").select("id, s3_path")
    .eq("chat_id", chat_id);
  const { data: rows } = await user.client.from("uploads").select("id, status")
    .eq("chat_id", chat_id);
  const statusOf = new Map(rows!.map(({ id, status }) => [id, status]));
  const confirmed = new Set(images!.map(({ id }) => id));
  const keys = await finalKeys(chat_id);
  for (const { id } of uploads) {
    assertEquals(statusOf.get(id), confirmed.has(id) ? "confirmed" : "expired");
  }
  for (const { s3_path } of images!) assert(keys.includes(s3_path));
  // Copies that came too late wait in the queue.
  const { data: queued } = await user.client.from("storage_deletions").select("target")
    .eq("reason", "upload_unconfirmed").like("target", `${user.id}/${chat_id}/%`);
  const doomed = new Set(queued!.map(({ target }) => target));
  for (const key of keys) {
    assertEquals(doomed.has(key), !images!.some(({ s3_path }) => s3_path === key), key);
  }
});
