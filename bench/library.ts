/**
 * A new chat, two messages, and both read again: by the client library, and by the requests of supabase-js that
 * one would write by hand, over the embedded API. What the library adds in bytes is in docs/client.md, where a
 * test holds it.
 */
import { createChatArchive } from "chat-archive";
import { compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { signUp, withStack } from "./harness/places.ts";
import { defineQuestion } from "./harness/question.ts";

const MESSAGES = [
  { role: "user" as const, content: "What is on page 2?" },
  { role: "assistant" as const, content: "A table." },
];

/** What the library costs. */
export const question = defineQuestion({
  title: "what the library adds to the requests that one would write by hand",
  answer: ({ quick, add }) =>
    withStack(async (status) => {
      const { db } = await signUp(status);
      const archive = createChatArchive(db);
      const byLibrary = async () => {
        const { id: chat_id } = await archive.createChat({ title: "A chat" });
        await archive.addMessages({ chat_id, messages: MESSAGES });
        for await (const _ of archive.messages({ chat_id })) { /* read */ }
      };
      const byHand = async () => {
        const chat = await db.from("chats").insert({ title: "A chat" }).select().single();
        if (chat.error) throw chat.error;
        const chat_id = chat.data.id;
        const written = await db.from("chat_messages")
          .insert(MESSAGES.map((message) => ({ chat_id, ...message }))).select();
        if (written.error) throw written.error;
        const read = await db.from("chat_messages").select().eq("chat_id", chat_id).order("seq");
        if (read.error) throw read.error;
      };
      const { ours, reference } = await inTurn(
        { ours: { run: byLibrary }, reference: { run: byHand } },
        { rounds: quick ? 5 : 100 },
      );
      add(compared("a chat, two messages, both read", ours.time, reference.time, { bound: 1.2 }));
      add(compared("the same, CPU of this process", ours.cpu, reference.cpu));
    }),
});
