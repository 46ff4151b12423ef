import type { NewMessage } from "../../add_messages.ts";
import { given, identified, idOf } from "../../given.ts";
import { assertServerSeq } from "../../message_window.ts";
import type { Message } from "../../rows.ts";
import { assertSavable } from "../../savable.ts";
import type { Base } from "../journal.ts";
import type { LocalRows } from "../local_rows.ts";
import { bytesOf, newMessage, now } from "../new_local_rows.ts";
import { moveNamedImages, removeMessages } from "../removals.ts";
import { rule } from "../rule.ts";
import { changeUnchanged, columnsOf, unchangedRows } from "../unchanged.ts";
import { assertSent, onlyMissing } from "./only_missing.ts";

/** Rows of one request of addMessages, when a local identity is adopted. */
const ADOPTED_AT_ONCE = 200;
/** What a list that is saved changes of a message that is there. */
const SAVED = ["content", "message_type", "parts", "metadata", "status"] as const;

/** New rows with ids, as they are kept in an input that names their chat once. */
export function withIds<Row extends { id?: string }>(chat_id: string, rows: Row[]): Row[] {
  return identified(chat_id, rows).map(({ chat_id: _, ...row }) => row as unknown as Row);
}

/** The same with the time at which they were written: a replay keeps it. */
export function withTimes<Row extends { created_at?: string }>(rows: Row[]): Row[] {
  const time = now();
  return rows.map((row) => ({ ...row, created_at: row.created_at ?? time }));
}

/** Ids of rows that have some. */
export const idsOf = (rows: { id?: string }[]): string[] => rows.map(({ id }) => id!);

async function added(rows: LocalRows, chat_id: string, message: NewMessage): Promise<Message> {
  const id = message.id!;
  const known = await rows.get("chat_messages", id);
  if (known) {
    assertSent({ ...message, chat_id }, known);
    return known;
  }
  const place = { id, chat_id, user_id: rows.user_id, seq: await rows.nextSeq() };
  const row = newMessage(place, message);
  await rows.put("chat_messages", row);
  return row;
}

async function changed(
  rows: LocalRows,
  id: string,
  changes: Partial<Message>,
): Promise<Message> {
  const row = { ...await rows.known("chat_messages", id, "message"), ...changes };
  const bytes = bytesOf(row.content, row.parts, row.metadata);
  const answer = { ...row, updated_at: now(), bytes };
  await rows.put("chat_messages", answer);
  return answer;
}

export const addMessages = rule<"addMessages">({
  prepare: ({ chat_id, messages }) => ({
    chat_id: idOf(chat_id),
    messages: withIds(chat_id, messages),
  }),
  written: ({ chat_id, messages }) => ({ chat_id, messages: withTimes(messages) }),
  ids: ({ messages }) => idsOf(messages),
  async apply(rows, { chat_id, messages }) {
    const answer: Message[] = [];
    const missing: NewMessage[] = [];
    for (const message of messages) {
      if (!await rows.get("chat_messages", message.id!)) missing.push(message);
      answer.push(await added(rows, chat_id, message));
    }
    await rows.touch(chat_id);
    return { answer, chat_id, input: missing.length > 0 ? { chat_id, messages: missing } : null };
  },
  async send(server, { input: { chat_id, messages }, tried, signal }) {
    const send = (messages: NewMessage[]) =>
      server.verbs.addMessages({ chat_id, messages, signal });
    const answer = tried
      ? await onlyMissing(server, "chat_messages", messages, send)
      : await send(messages);
    return { answer };
  },
  async keep(rows, { answer }, { chat_id }) {
    await rows.take("chat_messages", answer);
    await rows.touch(chat_id);
  },
  undo: (rows, { messages }) => rows.remove("chat_messages", idsOf(messages)),
  async adopt(rows, chat_id) {
    const messages = (await rows.of("chat_messages", chat_id)).map((
      { chat_id: _, user_id: __, seq: ___, bytes: ____, updated_at: _____, ...message },
    ) => message);
    return Array.from(
      { length: Math.ceil(messages.length / ADOPTED_AT_ONCE) },
      (_, n) => ({
        chat_id,
        messages: messages.slice(n * ADOPTED_AT_ONCE, (n + 1) * ADOPTED_AT_ONCE),
      }),
    );
  },
});

export const updateMessage = rule<"updateMessage">({
  prepare: ({ signal: _, ...changes }) => given({ ...changes, id: idOf(changes.id) }),
  ids: ({ id }) => [id],
  async apply(rows, { id, ...changes }) {
    const answer = await changed(rows, id, changes);
    return { answer, chat_id: answer.chat_id };
  },
  async base(rows, { id, ...changes }) {
    return { [id]: columnsOf(await rows.get("chat_messages", id), Object.keys(changes)) };
  },
  async send(server, { input, base, signal }) {
    if (!base) return { answer: await server.verbs.updateMessage({ ...input, signal }) };
    const { id, ...changes } = input;
    return { answer: await changeUnchanged(server, "chat_messages", id, changes, base) };
  },
  grows: true,
  keep: (rows, { answer }, input) =>
    rows.takeChanged("chat_messages", [answer], Object.keys(input)),
  async undo(rows, _, theirs) {
    if (theirs) await rows.put("chat_messages", theirs as Message);
  },
});

export const saveMessages = rule<"saveMessages">({
  prepare(list) {
    assertSavable(list);
    const chat_id = idOf(list.chat_id);
    const replaces = (list.replaces ?? []).map(idOf);
    return { chat_id, messages: withIds(chat_id, list.messages), replaces };
  },
  written: (input) => ({ ...input, messages: withTimes(input.messages) }),
  ids: ({ messages }) => idsOf(messages),
  async apply(rows, { chat_id, messages, replaces = [] }) {
    const answer: Message[] = [];
    for (const message of messages) {
      const known = await rows.get("chat_messages", message.id!);
      const changes = Object.fromEntries(
        SAVED.filter((name) => name in message).map((name) => [name, message[name]]),
      );
      answer.push(
        known ? await changed(rows, known.id, changes) : await added(rows, chat_id, message),
      );
    }
    const listed = new Set(idsOf(messages));
    await moveNamedImages(rows, chat_id, answer);
    await removeMessages(rows, chat_id, replaces.filter((id) => !listed.has(id)));
    await rows.touch(chat_id);
    return { answer, chat_id };
  },
  async base(rows, { messages }) {
    const base: Base = {};
    for (const message of messages) {
      const known = await rows.get("chat_messages", message.id!);
      if (known) base[known.id] = columnsOf(known, SAVED.filter((name) => name in message));
    }
    return base;
  },
  async send(server, { input, base, signal }) {
    const wanted = new Map(input.messages.map((message) => [message.id!, message]));
    if (base) await unchangedRows(server, "chat_messages", base, (id) => wanted.get(id)!);
    return { answer: await server.verbs.saveMessages({ ...input, signal }) };
  },
  async keep(rows, { answer }, { chat_id, messages, replaces = [] }) {
    await rows.takeChanged("chat_messages", answer, SAVED);
    const listed = new Set(idsOf(messages));
    await moveNamedImages(rows, chat_id, answer);
    await removeMessages(rows, chat_id, replaces.filter((id) => !listed.has(id)));
    await rows.touch(chat_id);
  },
  async undo(rows, { chat_id, messages }) {
    await rows.remove("chat_messages", idsOf(messages));
    await rows.doubt(chat_id, ["messages", "items"]);
  },
});

export const deleteMessages = rule<"deleteMessages">({
  prepare({ chat_id, ...which }) {
    if ("after" in which) assertServerSeq(which.after);
    return "ids" in which
      ? { chat_id: idOf(chat_id), ids: which.ids.map(idOf) }
      : { chat_id: idOf(chat_id), after: which.after };
  },
  ids: (input) => "ids" in input ? input.ids : [],
  async apply(rows, input) {
    const { chat_id } = input;
    const wanted = "ids" in input ? new Set(input.ids) : undefined;
    const answer = (await rows.of("chat_messages", chat_id))
      .filter(({ id, seq }) => "after" in input ? seq > input.after : wanted?.has(id))
      .map(({ id }) => id);
    await removeMessages(rows, chat_id, answer);
    // What this device knows, and nothing that others have added since.
    return { answer, chat_id, input: { chat_id, ids: answer } };
  },
  keep: (rows, { answer }, { chat_id }) => removeMessages(rows, chat_id, answer),
  undo: (rows, { chat_id }) => rows.doubt(chat_id, ["messages", "items"]),
});
