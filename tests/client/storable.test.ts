/** What PostgreSQL can't store (null characters, halves of emojis) never keeps a write from it. */
import { createChatArchive, memoryStore } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { pdf, png } from "../support/files.ts";
import { signUp } from "../support/users.ts";

/** An answer that is streamed, cut inside an emoji. */
const BAD = "a\0b \ud83d \ude00";
const GOOD = "a\ufffdb \ufffd \ufffd";
const metadata = { [BAD]: [BAD, { b: BAD }] };
const stored = { [GOOD]: [GOOD, { b: GOOD }] };

const { client } = await signUp();
const archive = createChatArchive(client);

Deno.test("each method that writes replaces it, and can be repeated", async () => {
  const chat = {
    id: crypto.randomUUID(),
    title: BAD,
    description: BAD,
    metadata,
    external_id: BAD,
  };
  for (let times = 0; times < 2; times++) {
    const { title, description, metadata, external_id } = await archive.createChat(chat);
    assertEquals([title, description, external_id], [GOOD, GOOD, GOOD]);
    assertEquals(metadata, stored);
  }
  const chat_id = chat.id;
  assertEquals((await archive.updateChat({ id: chat_id, title: BAD })).title, GOOD);

  const message = {
    id: crypto.randomUUID(),
    role: "user" as const,
    content: BAD,
    parts: [{ type: "text", text: BAD, [BAD]: BAD }],
    metadata,
    external_id: BAD,
  };
  const parts = [{ type: "text", text: GOOD, [GOOD]: GOOD }];
  for (const verb of [archive.addMessages, archive.addMessages, archive.saveMessages]) {
    const [saved] = await verb({ chat_id, messages: [message] });
    assertEquals([saved!.content, saved!.external_id], [GOOD, GOOD]);
    assertEquals([saved!.parts, saved!.metadata], [parts, stored]);
  }
  assertEquals((await archive.updateMessage({ id: message.id, content: BAD })).content, GOOD);

  const result = {
    id: crypto.randomUUID(),
    block_id: BAD,
    page_number: 1,
    block_text: BAD,
    metadata,
  };
  for (let times = 0; times < 2; times++) {
    const [saved] = await archive.addSearchResults({ chat_id, search_results: [result] });
    assertEquals([saved!.block_id, saved!.block_text, saved!.metadata], [GOOD, GOOD, stored]);
  }

  const facts = { id: crypto.randomUUID(), name: BAD, image_type: BAD, description: BAD };
  const images = [{ ...facts, content: png(2, 2) }];
  const [image] = await archive.uploadImages({ chat_id, images });
  assertEquals([image!.image_name, image!.image_type, image!.description], [GOOD, GOOD, GOOD]);
  const document = await archive.uploadDocument({
    chat_id,
    document: { name: BAD, content: pdf() },
  });
  assertEquals(document.name, GOOD);

  for (const filter of [{ external_id: BAD }, { metadata }]) {
    const { chats } = await archive.listChats(filter);
    assertEquals(chats.map(({ id }) => id), [chat_id]);
  }
});

Deno.test("so does a device, and what it replays", async () => {
  const offlineStore = memoryStore();
  const away = apiClient({ url: "http://127.0.0.1:1" });
  const local = createChatArchive(away, { offline: "local", offlineStore });
  const chat = await local.createChat({ title: BAD, metadata, external_id: BAD });
  assertEquals([chat.title, chat.metadata, chat.external_id], [GOOD, stored, GOOD]);
  const chat_id = chat.id;
  const message = await local.addMessage({ chat_id, role: "user", content: BAD, parts: [BAD] });
  assertEquals([message.content, message.parts], [GOOD, [GOOD]]);
  const description = BAD;
  await local.uploadImages({ chat_id, images: [{ name: BAD, content: png(2, 2), description }] });
  assertEquals((await local.listChats({ metadata })).chats.length, 1);
  await local.close();

  await using online = createChatArchive((await signUp()).client, {
    offline: "local",
    offlineStore,
  });
  const adopted = await online.adopt();
  assertEquals([adopted.chats, adopted.conflicts], [1, []]);
  const [image] = await Array.fromAsync(online.images({ chat_id }));
  assert(image && !image.pending);
  assertEquals([image.image_name, image.description], [GOOD, GOOD]);
});
