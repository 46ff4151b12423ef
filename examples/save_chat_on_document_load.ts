/** When the user opens a document: begin a chat, and keep the document with it. */
import { createChatArchive } from "chat-archive";
import { sample, signedIn } from "./signed_in.ts";

const archive = createChatArchive(await signedIn());

// The viewer has loaded the document. Ids of our own make every step repeatable.
const [chat_id, id] = [crypto.randomUUID(), crypto.randomUUID()];
await archive.createChat({
  id: chat_id,
  title: "bzip2 manual",
  metadata: { opened_at_page: 8 },
});
const content = await sample("bzip2-manual.pdf");
await archive.uploadDocument({ chat_id, document: { id, name: "bzip2-manual.pdf", content } });

const { title, documents: [document] } = await archive.getChat({ id: chat_id });
console.log(`${title}: ${document?.name}, ${document?.content_type}, ${document?.file_size} bytes`);
