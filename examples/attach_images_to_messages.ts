/** Images are uploaded while the user still types; they join the message when it is sent. */
import { createChatArchive } from "chat-archive";
import { sample, signedIn } from "./signed_in.ts";

const archive = createChatArchive(await signedIn());
const { id: chat_id } = await archive.createChat({ title: "Attachments" });

const images = await archive.uploadImages({
  chat_id,
  images: [
    { name: "page-8.png", content: await sample("page-8.png") },
    { name: "page-9.png", content: await sample("page-9.png") },
  ],
});

const message = await archive.addMessage({
  chat_id,
  role: "user",
  content: "What is the difference between these pages?",
});
const attached = await archive.attachImages({
  message_id: message.id,
  ids: images.map(({ id }) => id),
});
console.log(`${message.content} [${attached.map(({ image_name }) => image_name).join(", ")}]`);

// In a page: <img src={url}>. The URLs expire, so they are made when they are shown, not stored.
const { downloads } = await archive.downloadUrls({ ids: attached.map(({ id }) => id) });
console.log(`${downloads.length} signed URLs`);
