/** Chats of the AI SDK against the stack: what goes in comes out. */
import { loadChat, saveChat, type UIMessage } from "@shared/client/adapters/ai_sdk.ts";
import { createChatArchive } from "@shared/client/mod.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertCode } from "../support/client_calls.ts";
import { pdf, png } from "../support/files.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const archive = createChatArchive(user.client);
/** The same user on another device. */
const elsewhere = createChatArchive(user.client);
const theirs = createChatArchive((await signUp()).client);

const newId = () => crypto.randomUUID().slice(0, 13);
const text = (text: string) => ({ type: "text", text });
const says = (role: "user" | "assistant", content: string, id = newId()): UIMessage => ({
  id,
  role,
  parts: [text(content)],
});
const dataUrl = (type: string, bytes: Uint8Array) =>
  `data:${type};base64,${(bytes as unknown as { toBase64(): string }).toBase64()}`;
const rowsOf = (chat_id: string) => Array.fromAsync(archive.history({ chat_id }));
type File = { type: string; url: string };

Deno.test("a list is saved, changed and loaded, in order; ids are the framework's", async () => {
  const id = newId();
  assertEquals(await loadChat(archive, { id }), []);
  const first = [says("user", "What is bzip2?"), says("assistant", "A compressor.")];
  const { chat_id, messages } = await saveChat(archive, { id, messages: first });
  assertEquals(await loadChat(archive, { id }), first);
  assertEquals(await loadChat(archive, { id: chat_id }), first, "the row's id does as well");
  assertEquals(messages.map(({ external_id }) => external_id), first.map(({ id }) => id));
  const chat = await archive.getChat({ id: chat_id });
  assertEquals([chat.external_id, chat.title], [id, "What is bzip2?"]);

  const second = [first[0]!, says("assistant", "Compression.", first[1]!.id), says("user", "Why?")];
  assertEquals((await saveChat(archive, { id, messages: second })).chat_id, chat_id);
  assertEquals(await loadChat(elsewhere, { id }), second);
});

Deno.test("of what a page knew, what is not in its list is deleted", async () => {
  const id = newId();
  const [question, answer] = [says("user", "q"), says("assistant", "a")];
  await saveChat(archive, { id, messages: [question, answer] });
  const added = says("user", "from another tab");
  await saveChat(elsewhere, { id, messages: [question, answer, added] });
  const better = says("assistant", "b");
  await saveChat(archive, { id, messages: [question, better], replaces: [question, answer] });
  assertEquals(await loadChat(archive, { id }), [question, added, better]);
});

Deno.test("files become images and documents, and are signed", async () => {
  const id = newId();
  const image = png(4, 3);
  const document = pdf();
  const message: UIMessage = {
    id: "with-files",
    role: "user",
    parts: [
      { type: "file", mediaType: "image/png", filename: "a.png", url: dataUrl("image/png", image) },
      {
        type: "file",
        mediaType: "application/pdf",
        filename: "b.pdf",
        url: dataUrl("application/pdf", document),
      },
      { type: "file", mediaType: "image/png", url: "https://example.com/x.png" },
      { type: "file", mediaType: "text/plain", url: "data:text/plain,hello" },
      text("See these."),
    ] as UIMessage["parts"],
  };
  const { chat_id } = await saveChat(archive, { id, messages: [message] });
  const [row] = await rowsOf(chat_id);
  assertEquals(row!.images.map(({ image_name }) => image_name), ["a.png"]);
  const [stored] = await Array.fromAsync(archive.documents({ chat_id }));
  assertEquals(stored!.name, "b.pdf");
  const urls = (row!.parts as File[]).map(({ url }) => url);
  assertEquals(urls, [
    `chat-archive:image/${row!.images[0]!.id}`,
    `chat-archive:document/${stored!.id}`,
    "https://example.com/x.png",
    "data:text/plain,hello",
    undefined as unknown as string,
  ]);

  const loaded = await loadChat(archive, { id });
  const files = loaded[0]!.parts as File[];
  assertEquals(await (await fetch(files[0]!.url)).bytes(), image);
  assertEquals(await (await fetch(files[1]!.url)).bytes(), document);
  const without = (parts: object[]) => parts.map(({ url: _, ...part }: { url?: string }) => part);
  assertEquals(without(files), without(message.parts));

  // Saved as it was loaded, and as it was: nothing is sent again.
  for (const messages of [loaded, [message], [structuredClone(message)]]) {
    await saveChat(elsewhere, { id, messages });
    assertEquals(await rowsOf(chat_id), [row]);
  }
});

Deno.test("a chat of another user", async () => {
  const id = crypto.randomUUID();
  await saveChat(archive, { id, messages: [says("user", "mine")] });
  assertEquals(await loadChat(theirs, { id }), []);
  await assertCode(
    () => saveChat(theirs, { id, messages: [says("user", "theirs")] }),
    "conflict",
  );
  // An id that is no uuid is each user's own.
  const name = newId();
  for (const [one, content] of [[archive, "mine"], [theirs, "theirs"]] as const) {
    await saveChat(one, { id: name, messages: [says("user", content, "1")] });
    assertEquals(await loadChat(one, { id: name }), [says("user", content, "1")]);
  }
});
