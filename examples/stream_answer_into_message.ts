/** Keep an assistant's answer while it is written: a closed page loses a second of it, not all. */
import { createChatArchive } from "chat-archive";
import { signedIn } from "./signed_in.ts";

/** What a language model streams. */
async function* answer() {
  for (const word of "bzip2 needs about 3,700 kB to decompress what -9 made.".split(/(?= )/)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    yield word;
  }
}

const archive = createChatArchive(await signedIn());
const { id: chat_id } = await archive.createChat({ title: "Streaming" });
await archive.addMessage({ chat_id, role: "user", content: "How much memory does it need?" });

// The row is there from the first word on, so that its place in the conversation is certain.
const { id } = await archive.addMessage({
  chat_id,
  role: "assistant",
  content: "",
  // Where nothing comes any more, the backend makes it "incomplete" after a while.
  status: "streaming",
});
let content = "";
let saved = Date.now();
for await (const piece of answer()) {
  content += piece;
  // One write a second at most, whatever the speed of the model. (Here: ten.)
  if (Date.now() - saved < 100) continue;
  await archive.updateMessage({ id, content });
  saved = Date.now();
}
const message = await archive.updateMessage({ id, content, status: "complete" });
console.log(`${message.role}: ${message.content}`);
