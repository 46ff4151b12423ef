/** Without any server, and with nobody signed in; and how what was written then comes to an account. */
import { createClient } from "@supabase/supabase-js";
import { createChatArchive, type Database, memoryStore } from "@shared/client/mod.ts";
import { ChatExport } from "@shared/contracts/chat-export.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { behindLine } from "../support/behind_line.ts";
import { assertCode, contents } from "../support/client_calls.ts";
import { eventually } from "../support/eventually.ts";
import { pdf, png } from "../support/files.ts";
import { signUp } from "../support/users.ts";

const nobody = () =>
  createClient<Database>("http://127.0.0.1:1", "key", {
    auth: { persistSession: false, autoRefreshToken: false },
  });

/** An export without what differs: its time, and where files are. */
const essence = (markdown: string) =>
  markdown.split("\n").filter((line) => !/^- (Exported|Links|Images|Last change)/.test(line))
    .join("\n");

Deno.test("an application without any cloud keeps chats, and a user adopts them later", async () => {
  const offlineStore = memoryStore();
  const local = createChatArchive(nobody(), { offline: "local", offlineStore });
  const chat = await local.createChat({ title: "No cloud", metadata: { a: 1 } });
  assertEquals(chat.pending, true);
  const chat_id = chat.id;
  const document = await local.uploadDocument({
    chat_id,
    document: { name: "manual.pdf", content: pdf() },
  });
  const [image] = await local.uploadImages({
    chat_id,
    images: [{
      name: "page.png",
      content: png(5, 4),
      document_id: document.id,
      page_number: 2,
      width: 5,
      height: 4,
    }],
  });
  const question = await local.addMessage({
    chat_id,
    role: "user",
    content: "What is *this*?",
    parts: [{ type: "file", url: `chat-archive:image/${image!.id}` }],
  });
  await local.attachImages({ message_id: question.id, ids: [image!.id] });
  const answer = await local.addMessage({ chat_id, role: "assistant", content: "" });
  for (const content of ["A", "A page"]) await local.updateMessage({ id: answer.id, content });
  await local.addSearchResults({
    chat_id,
    search_results: [{
      message_id: answer.id,
      document_id: document.id,
      block_id: "b",
      page_number: 2,
      block_text: "text",
      coords_norm: [0, 0, 1, 1],
    }],
  });
  const gone = await local.createChat({ title: "Deleted" });
  await local.deleteChat({ id: gone.id });

  assertEquals((await local.listChats()).chats.map(({ title }) => title), ["No cloud"]);
  const history = await Array.fromAsync(local.history({ chat_id }));
  assertEquals(
    history.map(({ content, images, search_results }) => [
      content,
      images.length,
      search_results.length,
    ]),
    [["What is *this*?", 1, 0], ["A page", 0, 1]],
  );
  assertEquals(await Array.fromAsync(local.documents({ chat_id })), [document]);
  const file = await local.download({ id: image!.id });
  assertEquals([file.name, (await new Response(file.body).bytes()).length], [
    "page.png",
    png(5, 4).length,
  ]);
  const exported = async (archive: typeof local, format: "markdown" | "json") =>
    await new Response((await archive.exportChat({ chat_id, format, images: "none" })).body).text();
  const markdown = await exported(local, "markdown");
  ChatExport.parse(JSON.parse(await exported(local, "json")));
  await assertCode(() => local.exportChat({ chat_id, format: "zip" }), "database_unavailable");
  assertEquals(await local.sync(), { saved: 0, conflicts: [] });
  assertEquals((await local.pending()).map(({ operation }) => operation), [
    "createChat",
    "uploadDocument",
    "uploadImages",
    "addMessages",
    "attachImages",
    "addSearchResults",
  ]);
  await assertCode(() => local.adopt(), "unauthorized");
  await local.close();

  const user = await signUp();
  const archive = createChatArchive(user.client, { offline: "local", offlineStore });
  assertEquals(await archive.adopt(), { chats: 1, saved: 6, conflicts: [] });
  assertEquals(await archive.adopt(), { chats: 0, saved: 0, conflicts: [] }, "once");
  const server = createChatArchive(user.client);
  const there = await Array.fromAsync(server.history({ chat_id }));
  assertEquals(
    there.map(({ id, content, images, search_results }) => [
      id,
      content,
      images.map((one) => one.id),
      search_results.length,
    ]),
    [[question.id, "What is *this*?", [image!.id], 0], [answer.id, "A page", [], 1]],
  );
  const [downloaded] = [await server.download({ id: image!.id })];
  assertEquals(await new Response(downloaded.body).bytes(), png(5, 4));
  assertEquals((await server.getChat({ id: chat_id })).documents[0]!.name, "manual.pdf");
  assertEquals(essence(await exported(server, "markdown")), essence(markdown));
  const left = await offlineStore.transact((tx) => tx.read(""));
  assertEquals(left.filter(([key]) => key.includes("/file/")), [], "no bytes are left behind");
  assertEquals(
    left.filter(([key, value]) =>
      !key.startsWith(user.id) && /No cloud/.test(JSON.stringify(value))
    ),
    [],
  );
  await archive.close();
});

Deno.test("files wait for the server, and go up when it is back", async () => {
  await using line = await behindLine();
  const { archive, relay, server } = line;
  const { id: chat_id } = await archive.createChat({ title: "Files" });
  relay.become("cut");
  const message = await archive.addMessage({ chat_id, role: "user", content: "Look" });
  const [image] = await archive.uploadImages({
    chat_id,
    images: [{ name: "a.png", content: png(6, 6), message_id: message.id, description: "A shot" }],
  });
  assertEquals([image!.pending, image!.file_size, image!.content_type], [
    true,
    png(6, 6).length,
    "image/png",
  ]);
  const [shown] = await Array.fromAsync(archive.history({ chat_id }));
  assertEquals(shown!.images.map(({ id }) => id), [image!.id]);
  const large = new Uint8Array(11 * 1024 * 1024);
  await assertCode(
    () => archive.uploadImages({ chat_id, images: [{ name: "b.png", content: large }] }),
    "database_unavailable",
  );
  const [dropped] = await archive.uploadImages({
    chat_id,
    images: [{ name: "c.png", content: new Blob(["no image"]), content_type: "image/png" }],
  });
  relay.become("open");
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  const images = await Array.fromAsync(server.images({ chat_id }));
  assertEquals(images.map(({ id, message_id, description }) => [id, message_id, description]), [
    [image!.id, message.id, "A shot"],
  ]);
  const { body } = await server.download({ id: image!.id });
  assertEquals(await new Response(body).bytes(), png(6, 6));
  const [conflict] = await archive.conflicts();
  assertEquals([conflict?.operation, conflict?.code, conflict?.ids], [
    "uploadImages",
    "upload_mismatch",
    [dropped!.id],
  ]);
  await archive.dismissConflict(conflict!);
});

Deno.test("what is newer on the server is not overwritten by an edit that was made offline", async () => {
  await using line = await behindLine();
  const { archive, relay, server } = line;
  const chat = await archive.createChat({ title: "One", description: "first" });
  const { id } = chat;
  const mine = await archive.addMessage({ chat_id: id, role: "assistant", content: "old" });
  const both = await archive.addMessage({ chat_id: id, role: "user", content: "old" });
  relay.become("cut");
  await archive.updateChat({ id, title: "Mine" });
  await archive.updateChat({ id, description: "mine" });
  await archive.updateMessage({ id: mine.id, content: "mine" });
  await archive.saveMessages({
    chat_id: id,
    messages: [{ id: both.id, role: "user", content: "mine" }],
  });
  // Elsewhere: the title and one message are changed, and the chat moves on.
  await server.updateChat({ id, title: "Theirs" });
  await server.updateMessage({ id: both.id, content: "theirs" });
  await server.addMessage({ chat_id: id, role: "user", content: "newer" });
  relay.become("open");
  await eventually("replayed", async () => (await archive.pending()).length === 0);
  const conflicts = await archive.conflicts();
  assertEquals(conflicts.map(({ operation, code }) => [operation, code]), [
    ["updateChat", "conflict"],
    ["saveMessages", "conflict"],
  ]);
  assert(conflicts[0]!.operation === "updateChat");
  assertEquals(conflicts[0]!.input.title, "Mine", "what was wanted is kept");
  const { title, description } = await server.getChat({ id });
  assertEquals([title, description], ["Theirs", "mine"]);
  assertEquals(await contents(server, id), ["mine", "theirs", "newer"]);
  relay.become("cut");
  assertEquals((await archive.getChat({ id })).title, "Theirs");
});

Deno.test("signing out clears the device where that is asked for", async () => {
  const offlineStore = memoryStore();
  const client = apiClient();
  await client.auth.signUp({
    email: `user-${crypto.randomUUID()}@example.com`,
    password: crypto.randomUUID(),
  });
  await using archive = createChatArchive(client, {
    offline: "local",
    offlineStore,
    forgetOnSignOut: true,
  });
  const { id } = await archive.createChat({ title: "On a shared computer" });
  await archive.addMessage({ chat_id: id, role: "user", content: "private" });
  await client.auth.signOut({ scope: "local" });
  await eventually(
    "forgotten",
    async () =>
      (await offlineStore.transact((tx) => tx.read(""))).every(([, value]) =>
        !/private|shared/.test(JSON.stringify(value))
      ),
  );
  assertEquals((await archive.listChats()).chats, []);
});
