/**
 * One chat: useChat's state, the rows behind it, and how both are kept equal to the archive.
 *
 * @module
 */
import { Chat } from "@ai-sdk/react";
import type { UIMessage } from "ai";
import type { ChatWithDocuments, MessageWithItems, Metadata } from "chat-archive";
import { saveChat } from "chat-archive/ai-sdk";
import { archive, changed } from "./backend.ts";
import { pictureOfView, picturesOf, type View } from "./documents.ts";
import { type Kept, messagesOf, PAGE, passagesOf, readBefore } from "./kept_messages.ts";
import { newestOnly } from "./newest.ts";
import { createSignal } from "./signal.ts";
import { createTransport } from "./transport.ts";

/** What the archive has of the chat, as far as it was read. */
export interface Archived {
  /** The chat itself, once it is read. */
  chat: ChatWithDocuments | undefined;
  /** Rows by the ids of their messages. */
  rows: ReadonlyMap<string, MessageWithItems>;
  hasEarlier: boolean;
}

/** Messages that are read at once on the way to one that was found. */
const FAR = 500;
/** Messages that are read again when another device may have changed them. */
const REREAD = 4 * PAGE;

/** 0–1 while files are uploaded. */
export const upload = createSignal<number | undefined>(undefined);

export class Conversation {
  readonly chat: Chat<UIMessage>;
  readonly archived = createSignal<Archived>({
    chat: undefined,
    rows: new Map(),
    hasEarlier: false,
  });
  /** What failed last. */
  readonly failure = createSignal<unknown>(undefined);
  #shown: ReadonlySet<string> = new Set();
  #before: UIMessage[] = [];
  #isStopped = false;
  #questionSaved = Promise.resolve<string[]>([]);
  /** Resolves when the last answer is kept, or can't be. */
  #kept: Promise<unknown> = Promise.resolve();
  readonly #removed = new Set<string>();
  #reading: Promise<void> | undefined;
  readonly #beginRefresh = newestOnly();
  #loaded: Promise<void> | undefined;

  constructor(readonly id: string) {
    this.chat = new Chat<UIMessage>({
      id,
      generateId: () => crypto.randomUUID(),
      transport: createTransport({
        documents: () => this.archived.get().chat?.documents.map(({ id }) => id) ?? [],
        shown: () => this.#shown,
        // The question is kept before the answer begins: a page that is closed loses none.
        asked: (messages) => {
          this.#questionSaved = this.#save(this.#before, messages, false);
          this.#questionSaved.catch(() => {});
        },
      }),
      onError: (error) => this.failure.set(error),
      onFinish: ({ isAbort }) => this.#isStopped = isAbort,
    });
  }

  /** Runs work; what it throws is shown. */
  async attempt(work: () => Promise<void>): Promise<void> {
    this.failure.set(undefined);
    await work().catch((error) => this.failure.set(error));
  }

  get isBusy(): boolean {
    return this.chat.status === "submitted" || this.chat.status === "streaming";
  }

  /** Resolves when the newest messages are here. */
  loaded(): Promise<void> {
    return this.#loaded ??= this.load();
  }

  load(): Promise<void> {
    return this.attempt(async () => {
      const [chat, rows] = await Promise.all([
        archive.getChat({ id: this.id }),
        readBefore(this.id),
      ]);
      const hasEarlier = rows.length === PAGE;
      this.#show(await messagesOf(chat, rows), { chat, hasEarlier });
    });
  }

  /** Reads messages before those that are here. */
  loadEarlier(limit = PAGE): Promise<void> {
    return this.#reading ??= this.attempt(async () => {
      const { chat, rows, hasEarlier } = this.archived.get();
      const first = rows.get(this.chat.messages[0]?.id ?? "");
      if (!chat || !hasEarlier || !first || this.isBusy) return;
      const earlier = await readBefore(this.id, first.seq, limit);
      const kept = await messagesOf(chat, earlier);
      const now = this.archived.get();
      this.chat.messages = [...kept.map(([message]) => message), ...this.chat.messages];
      this.archived.set({
        ...now,
        rows: new Map([...kept.map(([{ id }, row]) => [id, row] as const), ...now.rows]),
        hasEarlier: earlier.length === limit,
      });
    }).finally(() => this.#reading = undefined);
  }

  /** Reads until the message of a row is here. @returns the message's id */
  async loadUntil(row_id: string): Promise<string | undefined> {
    for (;;) {
      const before = this.archived.get();
      for (const [id, row] of before.rows) if (row.id === row_id) return id;
      if (!before.hasEarlier) return undefined;
      await this.loadEarlier(FAR);
      if (this.archived.get() === before) return undefined;
    }
  }

  /** Reads again what others may have changed: the newest messages, and the documents. */
  async refresh(): Promise<void> {
    try {
      const { messages } = this.chat;
      const { chat: known, rows, hasEarlier } = this.archived.get();
      if (this.isBusy || !known) return;
      const isNewest = this.#beginRefresh();
      const stays = messages.slice(0, Math.max(0, messages.length - REREAD));
      const last = rows.get(stays.at(-1)?.id ?? "")?.seq;
      const first = hasEarlier ? rows.get(messages[0]?.id ?? "")?.seq : undefined;
      const after = last ?? (first === undefined ? undefined : first - 1);
      const [chat, again] = await Promise.all([
        archive.getChat({ id: this.id }),
        Array.fromAsync(archive.history({ chat_id: this.id, after })),
      ]);
      const kept = await messagesOf(chat, again);
      // What was asked, or read again, meanwhile is newer than what was read.
      if (this.isBusy || this.chat.messages !== messages || !isNewest()) return;
      this.#show([...stays.map((one): Kept => [one, rows.get(one.id)!]), ...kept], { chat });
    } catch (error) {
      // What is shown stays as it is while the server is away.
      if ((error as { code?: string }).code !== "database_unavailable") this.failure.set(error);
    }
  }

  #show(kept: Kept[], changes: Partial<Archived>) {
    const known = new Map(this.chat.messages.map((message) => [message.id, message]));
    const { rows, ...before } = this.archived.get();
    // What is equal stays the same object: nothing of it is drawn again.
    const same = <T>(old: T | undefined, now: T) =>
      old && (old === now || JSON.stringify(old) === JSON.stringify(now)) ? old : now;
    this.chat.messages = kept.map(([message]) => same(known.get(message.id), message));
    this.archived.set({
      ...before,
      ...changes,
      rows: new Map(kept.map(([{ id }, row]) => [id, same(rows.get(id), row)])),
    });
  }

  /**
   * Saves what differs from a list before.
   *
   * @param removes whether messages that are not in the list any more go: not before there is an answer
   * @returns ids of the rows that were saved
   */
  async #save(before: UIMessage[], now: UIMessage[], removes: boolean): Promise<string[]> {
    const differs = now.findIndex((message, index) => message !== before[index]);
    const from = differs < 0 ? now.length : differs;
    const replaces = removes ? before.slice(from) : [];
    if (from === now.length && replaces.length === 0) return [];
    const saved = await saveChat(archive, {
      id: this.id,
      messages: now.slice(from),
      replaces,
      // The messages themselves don't tell that the last one was stopped.
      status: removes && this.#isStopped ? "incomplete" : undefined,
    });
    changed();
    return saved.messages.map(({ id }) => id);
  }

  /** Keeps the question and the answer to it. @returns the answer, and ids of the rows */
  async #keep(before: UIMessage[], sent: Promise<void>): Promise<[UIMessage, string[]] | []> {
    await sent;
    await this.#questionSaved;
    const answer = this.chat.messages.at(-1);
    if (answer?.role !== "assistant") return [];
    return [answer, await this.#save(before, this.chat.messages, true)];
  }

  /** Asks, and keeps question, answer, passages and pictures. */
  #ask(send: () => Promise<void>, view: View | undefined): Promise<void> {
    return this.attempt(async () => {
      const before = this.chat.messages;
      this.#before = before;
      const kept = this.#keep(before, send());
      this.#kept = kept.catch(() => {});
      const [answer, rows] = await kept;
      if (!answer || this.#removed.has(answer.id)) return;
      const [message_id, question_id] = rows.toReversed();
      await this.#uploading(async (onProgress) => {
        const pictures = await picturesOf(passagesOf(answer));
        const images = [
          ...view && question_id ? [{ ...await pictureOfView(view), message_id: question_id }] : [],
          ...pictures.map((picture) => ({ ...picture, message_id: message_id! })),
        ];
        if (images.length === 0) return;
        await archive.uploadImages({ chat_id: this.id, images, onProgress });
      });
    });
  }

  /** Shows how far an upload is. */
  async #uploading(
    work: (onProgress: (of: { bytes_done: number; bytes: number }) => void) => Promise<void>,
  ) {
    upload.set(0);
    try {
      await work(({ bytes_done, bytes }) => upload.set(bytes_done / bytes));
    } finally {
      upload.set(undefined);
      changed();
    }
  }

  /** @param view what the reader shows: its picture is kept with the question */
  ask(question: string, view: View | undefined): Promise<void> {
    this.#shown = new Set();
    return this.#ask(() => this.chat.sendMessage({ text: question }), view);
  }

  /** Another answer in place of one. */
  regenerate(messageId: string): Promise<void> {
    const row = this.archived.get().rows.get(messageId);
    this.#shown = new Set(row?.search_results.flatMap(({ block_id }) => block_id ?? []));
    return this.#ask(() => this.chat.regenerate({ messageId }), undefined);
  }

  /** Another question in place of one; what followed it goes. */
  edit(messageId: string, question: string): Promise<void> {
    this.#shown = new Set();
    return this.#ask(() => this.chat.sendMessage({ text: question, messageId }), undefined);
  }

  remove(id: string): Promise<void> {
    return this.attempt(async () => {
      this.#removed.add(id);
      const row = this.archived.get().rows.get(id);
      // An answer that is still on its way would come after its deletion.
      if (!row) await this.#kept;
      await archive.deleteMessages({ chat_id: this.id, ids: [row?.id ?? id] });
      this.chat.messages = this.chat.messages.filter((message) => message.id !== id);
      changed();
    });
  }

  /** Changes the chat's title, metadata or place. */
  update(changes: { title?: string; metadata?: Metadata; is_archived?: boolean }): Promise<void> {
    return this.attempt(async () => {
      const row = await archive.updateChat({ id: this.id, ...changes });
      const { chat, ...others } = this.archived.get();
      this.archived.set({ ...others, chat: { ...chat!, ...row } });
      changed();
    });
  }

  /** Adds a document. @throws {ChatArchiveError} */
  async addDocument(file: File, page_count: number): Promise<void> {
    const id = crypto.randomUUID();
    const document = { id, name: file.name, content: file, page_count };
    await this.#uploading(async (onProgress) => {
      await archive.uploadDocument({ chat_id: this.id, document, onProgress });
    });
  }
}
