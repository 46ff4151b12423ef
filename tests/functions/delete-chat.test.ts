import { delay } from "@shared/async.ts";
import { deleteChat } from "../../supabase/functions/delete-chat/handler.ts";
import { assert, assertEquals } from "@std/assert";
import { workerClient } from "../support/api_client.ts";
import { cleanup } from "../support/deletion.ts";
import { image, pdf, put, reserve, uploadAll } from "../support/files.ts";
import { asOperator, bucket, keysBelow } from "../support/stack.ts";
import { assertError, assertField, signUp, type User } from "../support/users.ts";

const user = await signUp();
const other = await signUp();

/** A chat with two images and a document. */
async function fullChat(owner: User): Promise<string> {
  const chat_id = await owner.createChat();
  await uploadAll(owner, chat_id, [
    image("1.png", 1),
    image("2.png", 2),
    { name: "a.pdf", content_type: "application/pdf", kind: "document", bytes: pdf() },
  ]);
  return chat_id;
}

Deno.test("a chat goes with all of its bytes, and nothing else goes", async () => {
  const [doomed, kept] = [await fullChat(user), await fullChat(user)];
  const theirs = await fullChat(other);
  const { status, body } = await user.call("delete-chat", { chat_id: doomed });
  assertEquals(status, 200);
  assertEquals(body.not_found, []);
  const [{ final_sweep_at, ...deletion }] = body.deletions;
  assertEquals(deletion, {
    chat_id: doomed,
    status: "done",
    objects_deleted: 3,
    objects_pending: 0,
  });
  assert(Date.parse(final_sweep_at) > Date.now(), "URLs that were given out still live");
  assertEquals(await keysBelow(`${user.id}/${doomed}/`), []);
  assertEquals((await keysBelow(`${user.id}/${kept}/`)).length, 3);
  assertEquals((await keysBelow(`${other.id}/${theirs}/`)).length, 3);
  const { data } = await user.client.from("chats").select("id").eq("id", doomed);
  assertEquals(data, []);
});

Deno.test("bytes that were put and never confirmed go too", async () => {
  const chat_id = await user.createChat();
  const [upload] = await reserve(user, chat_id, [image()]);
  await put(upload!, image().bytes);
  const { body } = await user.call("delete-chat", { chat_id });
  assertEquals(body.deletions[0].objects_deleted, 1);
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
});

Deno.test("rows and bytes have one deadline: where rows took all of the time, bytes wait for the worker", async () => {
  const chat_id = await fullChat(user);
  const budget = 20;
  const slow = new Proxy(user.client, {
    get(target, name) {
      if (name !== "rpc") return Reflect.get(target, name);
      return async (...call: Parameters<typeof target.rpc>) => {
        if (call[0] === "delete_chats_slice") await delay(budget + 10);
        return await target.rpc(...call);
      };
    },
  });
  const reply = await deleteChat({ chat_id }, {
    db: slow,
    admin: workerClient(),
    store: bucket,
    mayDelete: () => Promise.resolve(true),
    budget,
  });
  assertEquals([reply.status, reply.body.deletions[0]!.status], [202, "pending"]);
  assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 3);
  await cleanup();
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
});

Deno.test("chats too large for one statement go in slices, with the caller's rights", async () => {
  const [user, other] = [await signUp(), await signUp()];
  const chat_ids = [await user.createChat(), await user.createChat()];
  await asOperator((sql) =>
    sql`insert into chat_messages (chat_id, user_id, role, content)
        select c, ${user.id}, 'user', 'x'
        from unnest(${chat_ids}::uuid[]) c, generate_series(1, 15)`
  );
  const left = async () =>
    (await user.client.from("chat_messages").select("id").in("chat_id", chat_ids)).data!.length;
  const slice = (from: typeof user, budget_seconds: number) =>
    from.client.rpc("delete_chats_slice", { chat_ids, budget_seconds, max_rows: 10 });

  assertEquals((await slice(other, 3)).data, true, "of this caller's there is nothing");
  assertEquals(await left(), 30);
  assertEquals((await slice(user, 0)).data, false);
  assertEquals((await user.client.from("chats").select("id")).data!.length, 2);
  const { status, body } = await user.call("delete-chat", { chat_ids });
  assertEquals([status, body.deletions.length, await left()], [200, 2, 0]);
});

Deno.test("repeating a delete gives the same answer", async () => {
  const chat_id = await fullChat(user);
  const first = await user.call("delete-chat", { chat_id });
  const second = await user.call("delete-chat", { chat_id });
  assertEquals([second.status, second.body], [200, first.body]);
});

Deno.test("two deletes at once both end well", async () => {
  const chat_id = await fullChat(user);
  const answers = await Promise.all([1, 2, 3].map(() => user.call("delete-chat", { chat_id })));
  for (const { status } of answers) assert(status === 200 || status === 202, String(status));
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
});

Deno.test("several chats, some of them not found", async () => {
  const [one, two] = [await fullChat(user), await user.createChat()];
  const theirs = await fullChat(other);
  const unknown = crypto.randomUUID();
  const { status, body } = await user.call("delete-chat", {
    chat_ids: [one, theirs, two, unknown],
  });
  assertEquals(status, 200);
  assertEquals(body.deletions.map(({ chat_id }: { chat_id: string }) => chat_id), [one, two]);
  assertEquals(body.not_found, [theirs, unknown]);
  assertEquals((await keysBelow(`${other.id}/${theirs}/`)).length, 3);
});

Deno.test("unknown and other users' chats: not_found, and they stay", async () => {
  const theirs = await fullChat(other);
  assertError(await user.call("delete-chat", { chat_id: theirs }), 404, "not_found");
  assertError(await user.call("delete-chat", { chat_id: crypto.randomUUID() }), 404, "not_found");
  // Nor does a chat that another user has deleted.
  await other.call("delete-chat", { chat_id: theirs });
  assertError(await user.call("delete-chat", { chat_id: theirs }), 404, "not_found");
});

Deno.test("the owner can read the receipt, another user can't", async () => {
  const chat_id = await fullChat(user);
  await user.call("delete-chat", { chat_id });
  const receipt = (who: User) =>
    who.client.from("storage_deletions").select("done_at, objects_deleted")
      .eq("chat_id", chat_id).eq("reason", "chat_deleted");
  const { data: mine } = await receipt(user);
  assertEquals(mine!.map(({ objects_deleted }) => objects_deleted), [3]);
  assert(mine![0]!.done_at);
  assertEquals((await receipt(other)).data, []);
});

Deno.test("a chat id can be used again once its bytes are gone", async () => {
  const chat_id = await fullChat(user);
  await user.call("delete-chat", { chat_id });
  const { error } = await user.client.from("chats").insert({ id: chat_id, title: "Again" });
  assertEquals(error, null);
});

Deno.test("bad input: invalid_request, with the field", async () => {
  const cases: [unknown, string][] = [
    [{ chat_id: "x" }, "chat_id"],
    [{ chat_ids: [] }, "chat_ids"],
    [{ chat_ids: Array.from({ length: 101 }, () => crypto.randomUUID()) }, "chat_ids"],
    [{ chat_ids: [crypto.randomUUID(), null] }, "chat_ids.1"],
  ];
  for (const [body, field] of cases) {
    const error = assertError(await user.call("delete-chat", body), 400, "invalid_request");
    assertField(error, field);
  }
});
