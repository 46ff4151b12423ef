/** Whatever deletes a row: afterwards the bucket holds nothing of it, and everything else. */
import { assert, assertEquals } from "@std/assert";
import { entriesOf, openEntriesOf, settleAll } from "../support/deletion.ts";
import { document, image, put, reserve, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow } from "../support/stack.ts";
import { signUp, type User } from "../support/users.ts";

interface Chat {
  owner: User;
  id: string;
  message: string;
  /** Keys. */
  attached: string;
  loose: string;
  document: string;
  second: string;
}

/** A message with an image, an image of its own, two documents, and an upload that is under way. */
async function fill(owner: User): Promise<Chat> {
  const id = await owner.createChat();
  const { data } = await owner.client.from("chat_messages")
    .insert({ chat_id: id, role: "user", content: "Hello" }).select("id").single();
  const message = data!.id;
  const [attached, loose, first, second] = await uploadAll(owner, id, [
    { ...image("attached.png", 1), message_id: message },
    image("loose.png", 2),
    document("first.pdf"),
    document("second.pdf"),
  ]);
  const [open] = await reserve(owner, id, [image("open.png", 3)]);
  assertEquals(await put(open!, image("open.png", 3).bytes), 200);
  return {
    owner,
    id,
    message,
    attached: `${owner.id}/${id}/images/${attached}-1.png`,
    loose: `${owner.id}/${id}/images/${loose}-1.png`,
    document: `${owner.id}/${id}/documents/${first}-1.pdf`,
    second: `${owner.id}/${id}/documents/${second}-1.pdf`,
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
    "supabase-js on one document",
    ({ owner, document }) => owner.client.from("chat_documents").delete().eq("s3_path", document),
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
    "SQL on documents",
    ({ id }) => asOperator((sql) => sql`delete from chat_documents where chat_id = ${id}`),
    ({ document, second }) => [document, second],
  ],
  [
    "SQL that unsets document_path, which takes nothing that a row names",
    ({ id }) => asOperator((sql) => sql`update chats set document_path = null where id = ${id}`),
    () => [],
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

Deno.test("what shows a document that is deleted stays, and names it no more", async () => {
  const owner = await signUp();
  const chat_id = await owner.createChat();
  const [first, second] = await uploadAll(owner, chat_id, [document("1.pdf"), document("2.pdf")]);
  const images = await uploadAll(owner, chat_id, [
    { ...image("1.png", 1), document_id: first!, page_number: 1 },
    { ...image("2.png", 2), document_id: second!, page_number: 2, coords_norm: [0, 0, 1, 0.5] },
  ]);
  const hit = { chat_id, block_id: "b", page_number: 1 };
  await owner.client.from("search_results")
    .insert([{ ...hit, document_id: first! }, { ...hit, document_id: second! }]).throwOnError();
  await owner.client.from("chat_documents").delete().eq("id", first!).throwOnError();

  const { data: pages } = await owner.client.from("chat_images")
    .select("id, document_id, page_number, coords_norm, seq").eq("chat_id", chat_id).order("seq");
  assertEquals(pages!.map(({ seq: _, ...page }) => page), [
    { id: images[0]!, document_id: null, page_number: 1, coords_norm: null },
    { id: images[1]!, document_id: second!, page_number: 2, coords_norm: [0, 0, 1, 0.5] },
  ]);
  const { data: hits } = await owner.client.from("search_results").select("document_id, seq")
    .eq("chat_id", chat_id).order("seq");
  assertEquals(hits!.map(({ document_id }) => document_id), [null, second!]);
  const target = `${owner.id}/${chat_id}/documents/${first}-1.pdf`;
  const entries = await entriesOf(owner);
  assertEquals(
    entries.filter(({ reason }) => reason === "document_deleted").map(({ target }) => target),
    [target],
  );
  await settleAll(owner);
  assertEquals(await keysBelow(`${owner.id}/${chat_id}/documents/`), [
    `${owner.id}/${chat_id}/documents/${second}-1.pdf`,
  ]);
});

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
