/** Chats leave and come back through the library, and accounts end. */
import { unzipSync } from "fflate";
import { type ChatArchive, ChatArchiveError, createChatArchive } from "@shared/client/mod.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { png } from "../support/files.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();
const archive = createChatArchive(user.client);

/** A chat with a message, an image and a hit. */
async function fill(archive: ChatArchive, title: string): Promise<string> {
  const { id: chat_id } = await archive.createChat({ title });
  const message = await archive.addMessage({ chat_id, role: "user", content: "See **this**" });
  await archive.uploadImages({
    chat_id,
    images: [{
      name: "a.png",
      content: png(5, 6),
      content_type: "image/png",
      message_id: message.id,
    }],
  });
  await archive.addSearchResults({
    chat_id,
    search_results: [{
      message_id: message.id,
      block_id: "b1",
      page_number: 3,
      coords_norm: [0, 0, 1, 1],
    }],
  });
  return chat_id;
}

/** What of a history stays the same in another chat. */
async function essence(chat_id: string) {
  return (await Array.fromAsync(archive.history({ chat_id }))).map((message) => ({
    content: message.content,
    created_at: message.created_at,
    images: message.images.map(({ image_name, width, height, file_size }) => ({
      image_name,
      width,
      height,
      file_size,
    })),
    hits: message.search_results.map(({ block_id, page_number, coords_norm }) => ({
      block_id,
      page_number,
      coords_norm,
    })),
  }));
}

Deno.test("a chat comes back from its zip, whole", async () => {
  const chat_id = await fill(archive, "Round trip");
  const file = await archive.exportChat({ chat_id, format: "zip" });
  assertEquals([file.name, file.content_type], ["Round trip.zip", "application/zip"]);
  const content = await new Response(file.body).blob();
  const imported = await archive.importChat({ content, content_type: "application/zip" });
  assertEquals(
    { ...imported, chat_id: "" },
    { chat_id: "", messages: 1, images: 1, documents: 0, search_results: 1, missing: [] },
  );
  assert(imported.chat_id !== chat_id);
  assertEquals(await essence(imported.chat_id), await essence(chat_id));
});

Deno.test("a chat comes back from its JSON without the bytes of its images", async () => {
  const chat_id = await fill(archive, "As JSON");
  const file = await archive.exportChat({ chat_id, format: "json" });
  const content = await new Response(file.body).text();
  assertEquals(JSON.parse(content).chat.id, chat_id);
  const imported = await archive.importChat({ content });
  assertEquals([imported.messages, imported.images, imported.missing], [1, 0, ["a.png"]]);
  const error = await assertRejects(
    () => archive.importChat({ content: '{"no":"export"}' }),
    ChatArchiveError,
  );
  assertEquals(error.code, "invalid_request");
});

Deno.test("all chats come in zips, and an account ends", async () => {
  const leaving = await signUp();
  const theirs = createChatArchive(leaving.client);
  const ids = [await fill(theirs, "One"), await fill(theirs, "Two")];
  const found: string[] = [];
  let after: string | undefined;
  do {
    const part = await theirs.exportChat({ all: true, after });
    const bytes = await new Response(part.body).bytes();
    found.push(...Object.keys(unzipSync(bytes)).filter((name) => name.endsWith("chat.json")));
    after = part.next;
  } while (after);
  assertEquals(found.length, ids.length);

  const refused = await assertRejects(
    () => theirs.deleteAccount({ confirm: "somebody@example.com" }),
    ChatArchiveError,
  );
  assertEquals(refused.code, "invalid_request");
  assertEquals((await theirs.listChats()).chats.length, 2);

  const gone = await theirs.deleteAccount({ confirm: leaving.email });
  assertEquals([gone.status, gone.chats], ["deleted", 2]);
  assertEquals((await theirs.listChats()).chats, []);
});
