/** Keep a conversation as a framework holds it: as one list, whose answer is regenerated. */
import { createChatArchive, type NewMessage } from "chat-archive";
import { sample, signedIn } from "./signed_in.ts";

const archive = createChatArchive(await signedIn());
// The framework's own id, of any form, finds the chat again.
const { id: chat_id } = await archive.createChat({ title: "Lists", external_id: "thread_1" });
const [page] = await archive.uploadImages({
  chat_id,
  images: [{ name: "page-8.png", content: await sample("page-8.png"), page_number: 8 }],
});

const question: NewMessage & { id: string } = {
  id: crypto.randomUUID(),
  role: "user",
  content: "How much memory does this need?",
  // The whole message of the framework. Files are named, never by a signed URL: that expires.
  parts: [
    { type: "text", text: "How much memory does this need?" },
    { type: "file", mediaType: "image/png", url: `chat-archive:image/${page!.id}` },
  ],
};
const answerOf = (content: string): NewMessage & { id: string } => ({
  id: crypto.randomUUID(),
  role: "assistant",
  content,
  parts: [{ type: "text", text: content }],
});

// One transaction. The image belongs to the question now, whose parts name it.
const first = await archive.saveMessages({
  chat_id,
  messages: [question, answerOf("A lot.")],
});

// Regenerated: what was known and is no longer in the list goes. What another tab has added stays.
await archive.saveMessages({
  chat_id,
  messages: [question, answerOf("About 3,700 kB.")],
  replaces: first.map(({ id }) => id),
});

// Chats by last activity, and a conversation's end first.
const { chats: [chat] } = await archive.listChats({ order: "updated_at", external_id: "thread_1" });
for await (const message of archive.history({ chat_id: chat!.id, order: "desc", limit: 10 })) {
  const images = message.images.map(({ image_name }) => ` [${image_name}]`).join("");
  console.log(`${message.role}: ${message.content}${images}`);
}
