/**
 * One chat: useChat's state, the rows behind it, and how both are kept equal to the archive.
 *
 * @module
 */
import { Chat } from "@ai-sdk/react";
import type { UIMessage } from "ai";
import type {
  ChatWithDocuments,
  MessageWithItems,
  Metadata,
} from "chat-archive";
import { archive, changed } from "./backend.ts";
import { pictureOfView, picturesOf, type View } from "./documents.ts";
import {
  messageOf,
  PAGE,
  readBefore,
  saveMessages,
  textOf,
} from "./kept_messages.ts";
import type { Passage } from "./retrieval.ts";
import { createSignal } from "./signal.ts";
import { createTransport } from "./transport.ts";

/** What the archive has of the chat, as far as it was read. */
export interface Kept {
  /** By message. */
  rows: ReadonlyMap<string, MessageWithItems>;
  /** The chat itself, once it is read. */
  row: ChatWithDocuments | undefined;
  hasEarlier: boolean;
  /** Messages that were read before the first ones: the list grows at its beginning. */
  prepended: number;
}

/** Messages that are read again when another device may have changed them. */
const REREAD = 4 * PAGE;

export class Conversation {
  readonly chat: Chat<UIMessage>;
  readonly kept = createSignal<Kept>({
    rows: new Map(),
    row: undefined,
    hasEarlier: false,
    prepended: 0,
  });
  /** What failed last. */
  readonly failure = createSignal<unknown>(undefined);
  /** 0–1 while pictures are uploaded. */
  readonly upload = createSignal<number | undefined>(undefined);
  #passages = new Map<string, Passage[]>();
  #shown: ReadonlySet<string> = new Set();
  #before: UIMessage[] = [];
  #questionSaved = Promise.resolve();
  #reading: Promise<void> | undefined;

  constructor(readonly id: string) {
    this.chat = new Chat<UIMessage>({
      id,
      generateId: () => crypto.randomUUID(),
      transport: createTransport({
        documents: () =>
          this.kept.get().row?.documents.map(({ id }) => id) ?? [],
        shown: () => this.#shown,
        // The question is kept before the answer begins: a page that is closed loses none.
        asked: (messages) => {
          this.#questionSaved = this.#save(this.#before, messages, false);
          this.#questionSaved.catch(() => {});
        },
        found: (answer, passages) => this.#passages.set(answer, passages),
      }),
      onError: (error) => this.failure.set(error),
    });
  }

  /** Runs work; what it throws is shown. */
  async attempt(work: () => Promise<void>): Promise<void> {
    this.failure.set(undefined);
    try {
      await work();
    } catch (error) {
      this.failure.set(error);
    }
  }

  get isBusy(): boolean {
    return this.chat.status === "submitted" || this.chat.status === "streaming";
  }

  load(): Promise<void> {
    return this.attempt(async () => {
      const [row, { rows, hasEarlier }] = await Promise.all([
        archive.getChat({ id: this.id }),
        readBefore(this.id),
      ]);
      this.#show(rows, { row, hasEarlier, prepended: 0 });
    });
  }

  /** Reads the messages before those that are here. */
  loadEarlier(): Promise<void> {
    return this.#reading ??= this.attempt(async () => {
      const { rows: known, prepended, hasEarlier } = this.kept.get();
      const first = known.get(this.chat.messages[0]?.id ?? "");
      if (!hasEarlier || !first || this.isBusy) return;
      const earlier = await readBefore(this.id, first.seq);
      const rows = new Map([
        ...earlier.rows.map((row) => [row.id, row] as const),
        ...known,
      ]);
      this.chat.messages = [
        ...earlier.rows.map(messageOf),
        ...this.chat.messages,
      ];
      this.kept.set({
        ...this.kept.get(),
        rows,
        hasEarlier: earlier.hasEarlier,
        prepended: prepended + earlier.rows.length,
      });
    }).finally(() => this.#reading = undefined);
  }

  /** Reads until a message is here. */
  async loadUntil(message_id: string): Promise<void> {
    while (
      !this.kept.get().rows.has(message_id) && this.kept.get().hasEarlier
    ) {
      const before = this.kept.get();
      await this.loadEarlier();
      if (this.kept.get() === before) return;
    }
  }

  /** Reads again what others may have changed: the newest messages, and the documents. */
  refresh(): Promise<void> {
    return this.attempt(async () => {
      if (this.isBusy || !this.kept.get().row) return;
      const messages = this.chat.messages;
      const stays = messages.slice(0, Math.max(0, messages.length - REREAD));
      const after = this.kept.get().rows.get(stays.at(-1)?.id ?? "")?.seq;
      const first = this.kept.get().rows.get(messages[0]?.id ?? "");
      const from = after ??
        (first && this.kept.get().hasEarlier ? first.seq - 1 : undefined);
      const [row, rows] = await Promise.all([
        archive.getChat({ id: this.id }),
        Array.fromAsync(archive.history({ chat_id: this.id, after: from })),
      ]);
      // What was asked meanwhile is newer than what was read.
      if (this.isBusy || this.chat.messages !== messages) return;
      const old = stays.map(({ id }) => this.kept.get().rows.get(id)!);
      this.#show([...old, ...rows], { row });
    });
  }

  #show(rows: MessageWithItems[], changes: Partial<Kept>) {
    const known = new Map(
      this.chat.messages.map((message) => [message.id, message]),
    );
    // An equal message stays the same object: nothing of it is drawn again.
    this.chat.messages = rows.map((row) => {
      const [old, now] = [known.get(row.id), messageOf(row)];
      return old && textOf(old) === textOf(now) ? old : now;
    });
    const before = this.kept.get();
    this.kept.set({
      ...before,
      ...changes,
      rows: new Map(rows.map((row) => [row.id, row])),
    });
  }

  /**
   * Saves what differs from a list before.
   *
   * @param removes whether messages that are not in the list any more go: not before there is an answer
   */
  async #save(before: UIMessage[], now: UIMessage[], removes: boolean) {
    const differs = now.findIndex((message, index) =>
      message !== before[index]
    );
    const from = differs < 0 ? now.length : differs;
    const replaces = removes ? before.slice(from).map(({ id }) => id) : [];
    if (from === now.length && replaces.length === 0) return;
    await saveMessages(this.id, now.slice(from), replaces);
    changed();
  }

  /** Asks, and keeps question, answer, passages and pictures. */
  async #ask(send: () => Promise<void>, view: View | undefined) {
    await this.attempt(async () => {
      const before = this.chat.messages;
      this.#before = before;
      await send();
      await this.#questionSaved;
      const [question, answer] = this.chat.messages.slice(-2);
      if (answer?.role !== "assistant") return;
      await this.#save(before, this.chat.messages, true);
      await this.#keepPassages(answer.id, question!.id, view);
    });
    await this.refresh();
    changed();
  }

  /** Keeps what an answer quotes, and pictures of it. */
  async #keepPassages(
    message_id: string,
    question_id: string,
    view: View | undefined,
  ) {
    const passages = this.#passages.get(message_id) ?? [];
    if (passages.length > 0) {
      await archive.addSearchResults({
        chat_id: this.id,
        search_results: passages.map(({ text: block_text, ...passage }) => ({
          ...passage,
          id: crypto.randomUUID(),
          message_id,
          block_text,
        })),
      });
    }
    await this.refresh();
    this.upload.set(0);
    try {
      const pictures = await picturesOf(passages);
      const images = [
        ...view
          ? [{ ...await pictureOfView(view), message_id: question_id }]
          : [],
        ...pictures.map((picture) => ({ ...picture, message_id })),
      ];
      if (images.length === 0) return;
      await archive.uploadImages({
        chat_id: this.id,
        images,
        onProgress: ({ bytes_done, bytes }) =>
          this.upload.set(bytes_done / bytes),
      });
    } finally {
      this.upload.set(undefined);
    }
  }

  /** @param view what the reader shows: its picture is kept with the question */
  ask(question: string, view: View | undefined): Promise<void> {
    this.#shown = new Set();
    return this.#ask(() => this.chat.sendMessage({ text: question }), view);
  }

  /** Another answer in place of one. */
  regenerate(messageId: string): Promise<void> {
    const row = this.kept.get().rows.get(messageId);
    this.#shown = new Set(
      row?.search_results.flatMap(({ block_id }) => block_id ?? []),
    );
    return this.#ask(() => this.chat.regenerate({ messageId }), undefined);
  }

  /** Another question in place of one; what followed it goes. */
  edit(
    messageId: string,
    question: string,
    view: View | undefined,
  ): Promise<void> {
    this.#shown = new Set();
    return this.#ask(
      () => this.chat.sendMessage({ text: question, messageId }),
      view,
    );
  }

  remove(id: string): Promise<void> {
    return this.attempt(async () => {
      await archive.deleteMessages({ chat_id: this.id, ids: [id] });
      this.chat.messages = this.chat.messages.filter((message) =>
        message.id !== id
      );
      changed();
    });
  }

  /** Changes the chat's title, metadata or place. */
  update(
    changes: { title?: string; metadata?: Metadata; is_archived?: boolean },
  ): Promise<void> {
    return this.attempt(async () => {
      const row = await archive.updateChat({ id: this.id, ...changes });
      const kept = this.kept.get();
      this.kept.set({ ...kept, row: { ...kept.row!, ...row } });
      changed();
    });
  }

  /** Adds a document. */
  async addDocument(
    file: Blob & { name?: string },
    page_count: number,
  ): Promise<void> {
    this.upload.set(0);
    try {
      await archive.uploadDocument({
        chat_id: this.id,
        document: {
          id: crypto.randomUUID(),
          name: file.name ?? "document.pdf",
          content: file,
          page_count,
        },
        onProgress: ({ bytes_done, bytes }) =>
          this.upload.set(bytes_done / bytes),
      });
    } finally {
      this.upload.set(undefined);
    }
    await this.load();
    changed();
  }
}
