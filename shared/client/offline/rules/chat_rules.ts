import { given, idOf } from "../../given.ts";
import type { Chat } from "../../rows.ts";
import { PARTS } from "../local_rows.ts";
import { newChat, now } from "../new_local_rows.ts";
import { rule } from "../rule.ts";
import { changeUnchanged, columnsOf } from "../unchanged.ts";
import { assertSent } from "./only_missing.ts";

export const createChat = rule<"createChat">({
  prepare: ({ signal: _, ...chat }) => given({ ...chat, id: idOf(chat.id) }),
  written: (chat) => ({ ...chat, created_at: chat.created_at ?? now() }),
  ids: ({ id }) => [id!],
  async apply(rows, input) {
    const chat = newChat(rows.user_id, { ...input, id: input.id! });
    const known = await rows.get("chats", chat.id);
    if (known) assertSent(input, known);
    else {
      await rows.put("chats", chat);
      await rows.whole(chat.id, PARTS);
    }
    return { answer: known ?? chat, chat_id: chat.id, input: known ? null : input };
  },
  async send(server, { input, tried, signal }) {
    // Only of a new chat this device knows that it has nothing else.
    const [known] = await server.rows("chats", [input.id!]);
    if (known && tried) {
      assertSent(input, known);
      return { answer: known };
    }
    return { answer: await server.verbs.createChat({ ...input, signal }), isNew: !known };
  },
  async keep(rows, { answer, isNew }) {
    await rows.take("chats", [answer]);
    if (isNew) await rows.whole(answer.id, PARTS);
  },
  undo: (rows, { id }) => rows.removeChat(id!),
  async adopt(rows, chat_id) {
    const { user_id: _, document_path: __, updated_at: ___, ...chat } = await rows.known(
      "chats",
      chat_id,
      "chat",
    );
    return [chat];
  },
});

export const updateChat = rule<"updateChat">({
  prepare: ({ signal: _, ...changes }) => given({ ...changes, id: idOf(changes.id) }),
  ids: ({ id }) => [id],
  async apply(rows, { id, ...changes }) {
    const answer = { ...await rows.known("chats", id, "chat"), ...changes, updated_at: now() };
    await rows.put("chats", answer);
    return { answer, chat_id: id };
  },
  async base(rows, { id, ...changes }) {
    return { [id]: columnsOf(await rows.get("chats", id), Object.keys(changes)) };
  },
  async send(server, { input, base, signal }) {
    if (!base) return { answer: await server.verbs.updateChat({ ...input, signal }) };
    const { id, ...changes } = input;
    return { answer: await changeUnchanged(server, "chats", id, changes, base) };
  },
  keep: (rows, { answer }, input) => rows.takeChanged("chats", [answer], Object.keys(input)),
  async undo(rows, _, theirs) {
    if (theirs) await rows.put("chats", theirs as Chat);
  },
});

export const deleteChat = rule<"deleteChat">({
  prepare: ({ id }) => ({ id: idOf(id) }),
  ids: ({ id }) => [id],
  async apply(rows, { id }) {
    await rows.removeChat(id);
    const nothing = { objects_deleted: 0, objects_pending: 0 };
    return { answer: { chat_id: id, status: "pending" as const, ...nothing }, chat_id: id };
  },
  keep: (rows, _, { id }) => rows.removeChat(id),
  undo: () => Promise.resolve(),
  isGone: true,
});
