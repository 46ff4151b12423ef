/** What the examples of the documentation take for granted: somebody is signed in and has a chat. */
import { createChatArchive } from "@shared/client/mod.ts";
import { pdf as makePdf, png as makePng } from "./files.ts";
import { stack } from "./stack.ts";
import { signUp } from "./users.ts";

export { createChatArchive };

const user = await signUp();

export const url = stack.API_URL;
export const publishableKey = stack.PUBLISHABLE_KEY;
export const { email, password } = user;
export const supabase = user.client;
export const archive = createChatArchive(supabase);
export const { id: chat_id } = await archive.createChat({ title: "An example's chat" });
export const { id: message_id } = await archive.addMessage({
  chat_id,
  role: "user",
  content: "Hi",
});
/** An id that names nothing. */
export const id = crypto.randomUUID();
export const pdf = new Blob([makePdf()], { type: "application/pdf" });
export const png = new Blob([makePng(8, 8)], { type: "image/png" });
