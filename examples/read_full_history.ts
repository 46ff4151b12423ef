/** Show a whole conversation: messages in order, each with its images and the hits behind it. */
import { createChatArchive } from "chat-archive";
import { sample, signedIn } from "./signed_in.ts";

const archive = createChatArchive(await signedIn());
const { id: chat_id } = await archive.createChat({ title: "History" });
const [question, answer] = await archive.addMessages({
  chat_id,
  messages: [
    { role: "user", content: "How much memory does bzip2 -9 need to decompress?" },
    { role: "assistant", content: "About 3,700 kB." },
  ],
});
await archive.uploadImages({
  chat_id,
  images: [{ name: "p8.png", content: await sample("page-8.png"), message_id: question!.id }],
});
await archive.addSearchResults({
  chat_id,
  search_results: [{
    message_id: answer!.id,
    block_id: "p9-b6",
    page_number: 9,
    block_text: "-9  7600k  3700k  2350k",
    score: 0.94,
    coords_norm: [0.12, 0.2, 0.88, 0.24],
  }],
});

// It reads page by page: a chat of any length, without a limit that cuts it.
for await (const { role, content, images, search_results } of archive.history({ chat_id })) {
  console.log(`${role}: ${content}`);
  for (const { image_name, width, height } of images) {
    console.log(`  [${image_name}, ${width}×${height}]`);
  }
  for (const { page_number, block_id, coords_norm } of search_results) {
    console.log(`  page ${page_number}, block ${block_id}, ${JSON.stringify(coords_norm)}`);
  }
}
