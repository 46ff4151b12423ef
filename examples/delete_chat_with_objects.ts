/** Delete a chat with everything in it, the objects in the bucket included. */
import { createChatArchive } from "chat-archive";
import { sample, signedIn } from "./signed_in.ts";

const archive = createChatArchive(await signedIn());
const { id: chat_id } = await archive.createChat({ title: "Not for long" });
await archive.uploadImages({
  chat_id,
  images: [
    { name: "page-8.png", content: await sample("page-8.png") },
    { name: "page-9.png", content: await sample("page-9.png") },
  ],
});

// The rows are gone when this resolves. Where the bucket was slow or down, its part is queued.
const { status, objects_deleted } = await archive.deleteChat({ id: chat_id });
console.log(`${status}: ${objects_deleted} objects deleted`);

// To tell the user for certain, wait for the receipt.
const receipt = await archive.awaitDeletion({ id: chat_id, signal: AbortSignal.timeout(60_000) });
console.log(`${receipt.objects_deleted} objects deleted, ${receipt.objects_pending} to go`);
