/** Save a chat as Markdown, as it comes: its length does not matter. */
import { createChatArchive } from "chat-archive";
import { sample, signedIn } from "./signed_in.ts";

const archive = createChatArchive(await signedIn());
const { id: chat_id } = await archive.createChat({ title: "bzip2 manual" });
const message = await archive.addMessage({ chat_id, role: "user", content: "What is on page 8?" });
await archive.uploadImages({
  chat_id,
  images: [{ name: "p8.png", content: await sample("page-8.png"), message_id: message.id }],
});

// format: "json" is lossless, "zip" brings the images along; importChat takes both back.
const { name, body } = await archive.exportChat({ chat_id, format: "markdown", images: "link" });
const folder = await Deno.makeTempDir();
// Where the server fails on the way, the stream fails: a cut file never passes for a whole one.
await Deno.writeFile(`${folder}/${name}`, body);
console.log(await Deno.readTextFile(`${folder}/${name}`));
await Deno.remove(folder, { recursive: true });
