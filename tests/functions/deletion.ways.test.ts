/** Whatever deletes a row: afterwards the bucket holds nothing of it, and everything else. */
import { assert, assertEquals } from "@std/assert";
import { openEntriesOf, settleAll } from "../support/deletion.ts";
import { image, pdf, put, reserve, type TestFile, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow } from "../support/stack.ts";
import { signUp, type User } from "../support/users.ts";

const document = (text: string): TestFile => ({
  name: "a.pdf",
  content_type: "application/pdf",
  kind: "document",
  bytes: pdf(text),
});

interface Chat {
  owner: User;
  id: string;
  message: string;
  /** Keys. */
  attached: string;
  loose: string;
  document: string;
}

/** A message with an image, an image of its own, a document, and an upload that is under way. */
async function fill(owner: User): Promise<Chat> {
  const id = await owner.createChat();
  const { data } = await owner.client.from("chat_messages")
    .insert({ chat_id: id, role: "user", content: "Hello" }).select("id").single();
  const message = data!.id;
  const [attached, loose, doc] = await uploadAll(owner, id, [
    { ...image("attached.png", 1), message_id: message },
    image("loose.png", 2),
    document("first"),
  ]);
  const [open] = await reserve(owner, id, [image("open.png", 3)]);
  assertEquals(await put(open!, image("open.png", 3).bytes), 200);
  return {
    owner,
    id,
    message,
    attached: `${owner.id}/${id}/images/${attached}.png`,
    loose: `${owner.id}/${id}/images/${loose}.png`,
    document: `${owner.id}/${id}/documents/${doc}.pdf`,
  };
}

const everything = ({ owner, id }: Chat) => `${owner.id}/${id}/`;

/** What deletes, and the keys, or beginnings of keys, that have to go. */
const WAYS: [string, (chat: Chat) => PromiseLike<unknown>, (chat: Chat) => string[]][] = [
  [
    "delete-chat",
    async ({ owner, id }) => {
      const { status } = await owner.call("delete-chat", { chat_id: id });
      assertEquals(status, 200);
    },
    (chat) => [everything(chat)],
  ],
  [
    "supabase-js on chats",
    ({ owner, id }) => owner.client.from("chats").delete().eq("id", id),
    (chat) => [everything(chat)],
  ],
  [
    "supabase-js on messages, by cascade",
    ({ owner, message }) => owner.client.from("chat_messages").delete().eq("id", message),
    ({ attached }) => [attached],
  ],
  [
    "supabase-js on images",
    ({ owner, id }) => owner.client.from("chat_images").delete().eq("chat_id", id),
    ({ attached, loose }) => [attached, loose],
  ],
  [
    "a document that is replaced",
    ({ owner, id }) => uploadAll(owner, id, [document("second")]),
    ({ document }) => [document],
  ],
  [
    "SQL on chats",
    ({ id }) => asOperator((sql) => sql`delete from chats where id = ${id}`),
    (chat) => [everything(chat)],
  ],
  [
    "SQL on messages",
    ({ id }) => asOperator((sql) => sql`delete from chat_messages where chat_id = ${id}`),
    ({ attached }) => [attached],
  ],
  [
    "SQL on images",
    ({ id }) => asOperator((sql) => sql`delete from chat_images where chat_id = ${id}`),
    ({ attached, loose }) => [attached, loose],
  ],
  [
    "SQL that unsets a document",
    ({ id }) => asOperator((sql) => sql`update chats set document_path = null where id = ${id}`),
    ({ document }) => [document],
  ],
  [
    "SQL on reservations, which takes nothing that a row names",
    ({ id }) => asOperator((sql) => sql`delete from uploads where chat_id = ${id}`),
    () => [],
  ],
  [
    "SQL on images and chats in one transaction",
    ({ id }) =>
      asOperator((sql) =>
        sql.begin(async (tx) => {
          await tx`delete from chat_images where chat_id = ${id}`;
          await tx`delete from chats where id = ${id}`;
        })
      ),
    (chat) => [everything(chat)],
  ],
];

const other = await signUp();
await fill(other);
const theirs = await keysBelow(`${other.id}/`);

for (const [name, act, doomed] of WAYS) {
  Deno.test(`deleted by ${name}`, async () => {
    const owner = await signUp();
    const chat = await fill(owner);
    const bystander = await fill(owner);
    const before = await keysBelow(`${owner.id}/`);
    await act(chat);
    await settleAll(owner);

    const after = await keysBelow(`${owner.id}/`);
    const prefixes = doomed(chat);
    assertEquals(after.filter((key) => prefixes.some((prefix) => key.startsWith(prefix))), []);
    // Incoming keys go in any case, when their URLs are dead.
    const kept = before.filter((key) =>
      !key.includes("/incoming/") && !prefixes.some((prefix) => key.startsWith(prefix))
    );
    assertEquals(kept.filter((key) => !after.includes(key)), [], "nothing else went");
    assertEquals(await keysBelow(`${other.id}/`), theirs);
    assert(after.includes(bystander.document));
    assertEquals(await openEntriesOf(owner), []);
  });
}

const ACCOUNT_WAYS: [string, (user: User) => Promise<unknown>][] = [
  ["delete-account", (user) => user.call("delete-account", { confirm: user.email })],
  [
    "SQL on auth.users",
    (user) => asOperator((sql) => sql`delete from auth.users where id = ${user.id}`),
  ],
];

for (const [name, act] of ACCOUNT_WAYS) {
  Deno.test(`a whole account deleted by ${name}`, async () => {
    const owner = await signUp();
    await fill(owner);
    await fill(owner);
    await act(owner);
    await settleAll(owner);
    assertEquals(await keysBelow(`${owner.id}/`), []);
    assertEquals(await keysBelow(`${other.id}/`), theirs);
    assertEquals(await openEntriesOf(owner), []);
  });
}

Deno.test("a deletion that is rolled back deletes nothing", async () => {
  const owner = await signUp();
  const chat = await fill(owner);
  const before = await keysBelow(everything(chat));
  const taken = new Error("taken back");
  await asOperator((sql) =>
    sql.begin(async (tx) => {
      await tx`delete from chats where id = ${chat.id}`;
      await tx`delete from auth.users where id = ${owner.id}`;
      throw taken;
    })
  ).catch((error) => assertEquals(error, taken));
  await settleAll(owner);
  assertEquals(
    await keysBelow(everything(chat)),
    before.filter((key) => !key.includes("/incoming/")),
  );
});
