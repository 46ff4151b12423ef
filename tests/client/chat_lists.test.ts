/** Lists of chats: by creation or last activity, by metadata and external id. */
import {
  type ChatArchive,
  type ChatCursor,
  createChatArchive,
  type ListChats,
} from "@shared/client/mod.ts";
import { assertEquals } from "@std/assert";
import { assertCode } from "../support/client_calls.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const titles = ({ chats }: { chats: { title: string }[] }) => chats.map(({ title }) => title);

/** The titles of a list, read page by page and at once. */
async function listed(archive: ChatArchive, input: ListChats): Promise<string[]> {
  const pages: string[] = [];
  let after: ChatCursor | undefined;
  do {
    const page = await archive.listChats({ ...input, limit: 2, after });
    pages.push(...titles(page));
    after = page.next;
  } while (after);
  assertEquals(titles({ chats: await Array.fromAsync(archive.chats(input)) }), pages);
  return pages;
}

Deno.test("chats are listed by creation or by last activity, page by page", async () => {
  const archive = createChatArchive((await signUp()).client);
  const chats = [];
  for (const title of ["a", "b", "c", "d", "e"]) chats.push(await archive.createChat({ title }));
  assertEquals(await listed(archive, {}), ["e", "d", "c", "b", "a"]);
  await archive.addMessage({ chat_id: chats[1]!.id, role: "user", content: "x" });
  await archive.updateChat({ id: chats[0]!.id, description: "changed" });
  assertEquals(await listed(archive, { order: "updated_at" }), ["a", "b", "e", "d", "c"]);
  assertEquals(await listed(archive, { order: "created_at" }), ["e", "d", "c", "b", "a"]);
  await archive.archiveChat({ id: chats[4]!.id });
  assertEquals(await listed(archive, { order: "updated_at", is_archived: false }), [
    "a",
    "b",
    "d",
    "c",
  ]);
});

Deno.test("equal times are paged by id", async () => {
  const user = await signUp();
  await asOperator((sql) =>
    sql`insert into chats (user_id, title, created_at, updated_at)
        select ${user.id}, n, '2026-01-01', '2026-01-02' from generate_series(1, 7) n`
  );
  const archive = createChatArchive(user.client);
  for (const order of ["created_at", "updated_at"] as const) {
    assertEquals(new Set(await listed(archive, { order })).size, 7);
  }
});

Deno.test("a list by metadata has the chats that hold all of it", async () => {
  const archive = createChatArchive((await signUp()).client);
  const make = (title: string, metadata: ListChats["metadata"]) =>
    archive.createChat({ title, ...(metadata ? { metadata } : {}) });
  await make("none", undefined);
  await make("a", { project: 'A, "б" (1)', tags: ["x", "y"], deep: { n: 1, m: 2 } });
  await make("b", { project: "B", tags: ["y"], n: null });
  const by = (metadata: NonNullable<ListChats["metadata"]>) => listed(archive, { metadata });
  assertEquals(await by({}), ["b", "a", "none"]);
  assertEquals(await by({ project: 'A, "б" (1)' }), ["a"]);
  assertEquals(await by({ project: "A" }), []);
  assertEquals(await by({ tags: ["y"] }), ["b", "a"]);
  assertEquals(await by({ tags: ["y", "x"] }), ["a"]);
  assertEquals(await by({ deep: { n: 1 } }), ["a"]);
  assertEquals(await by({ n: null }), ["b"]);
});

Deno.test("a chat is found by the id that a framework gave it", async () => {
  const [mine, other] = await Promise.all([signUp(), signUp()]);
  const archive = createChatArchive(mine.client);
  const external_id = 'thread_1,"x" (2)';
  const chat = await archive.createChat({ title: "Mine", external_id });
  assertEquals(chat.external_id, external_id);
  await createChatArchive(other.client).createChat({ title: "Theirs", external_id });
  assertEquals((await archive.listChats({ external_id })).chats, [chat]);
  assertEquals((await archive.listChats({ external_id: "thread_2" })).chats, []);
  const error = await assertCode(() => archive.createChat({ title: "x", external_id }), "conflict");
  assertEquals(error.details?.[0]?.path, ["external_id"]);
});

Deno.test("a list that can't be is refused, and its field named", async () => {
  const archive = createChatArchive((await signUp()).client);
  const { id } = await archive.createChat({ title: "x" });
  for (const limit of [0, -1, 1001, 1.5, NaN, "10" as unknown as number]) {
    const error = await assertCode(() => archive.listChats({ limit }), "invalid_request");
    assertEquals([error.message, error.details?.[0]?.path], ["limit: 1 to 1000", ["limit"]]);
  }
  assertEquals(titles(await archive.listChats({ limit: 1000 })), ["x"]);
  const byTitle = { order: "title" as "created_at" };
  assertEquals(
    (await assertCode(() => archive.listChats(byTitle), "invalid_request")).details?.[0]?.path,
    ["order"],
  );
  const after = { created_at: "2026-01-01T00:00:00+00:00", id };
  const error = await assertCode(
    () => archive.listChats({ order: "updated_at", after }),
    "invalid_request",
  );
  assertEquals(error.details?.[0]?.path, ["after"]);
});
