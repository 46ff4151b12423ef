/**
 * An archive in memory, for tests that save thousands of lists. Rows go through JSON, and what
 * PostgreSQL refuses in jsonb is refused.
 *
 * @module
 */
import type { LoadVerbs } from "@shared/client/adapters/ai_sdk/load_chat.ts";
import type { SaveVerbs } from "@shared/client/adapters/ai_sdk/save_chat.ts";
import { ChatArchiveError } from "@shared/errors.ts";
import type { Chat, Message, NewImage, NewMessage } from "@shared/client/mod.ts";
import { assert } from "@std/assert";

/** Bytes of stored files, by their ids. */
export type Files = Map<string, Blob>;

function throughJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value), (_, item) => {
    if (typeof item !== "string") return item;
    assert(item.isWellFormed() && !item.includes("\0"), `jsonb refuses ${JSON.stringify(item)}`);
    return item;
  });
}

/** A new one. */
export function memoryArchive(): SaveVerbs & LoadVerbs & { files: Files } {
  const chats: Chat[] = [];
  const rows = new Map<string, Message>();
  const files: Files = new Map();
  const fail = () => Promise.reject(new ChatArchiveError("not_found", "there is none"));
  const put = (id: string, content: NewImage["content"]) => {
    files.set(id, content as Blob);
    return Promise.resolve([]);
  };
  return {
    files,
    listChats: ({ external_id } = {}) =>
      Promise.resolve({ chats: chats.filter((chat) => chat.external_id === external_id) }),
    getChat: fail,
    createChat(chat) {
      const row = { ...throughJson(chat), id: crypto.randomUUID() } as Chat;
      chats.push(row);
      return Promise.resolve(row);
    },
    saveMessages({ messages, replaces = [] }) {
      const saved = messages.map((message) => {
        const row = { ...rows.get(message.id!), ...throughJson(message) } as NewMessage as Message;
        rows.set(row.id, row);
        return row;
      });
      for (const id of replaces) rows.delete(id);
      return Promise.resolve(saved);
    },
    deleteMessages: fail,
    async *messages() {
      yield* rows.values();
    },
    async *history() {
      yield* [...rows.values()].map((row) => ({ ...row, images: [], search_results: [] }));
    },
    addSearchResults: ({ search_results }) => Promise.resolve(throughJson(search_results) as never),
    uploadImages: ({ images: [image] }) => put(image!.id!, image!.content),
    uploadDocument: async ({ document }) => await put(document.id!, document.content) as never,
    downloadUrls({ ...which }) {
      const ids = "ids" in which ? which.ids : [];
      const expires_at = new Date().toISOString();
      return Promise.resolve({
        downloads: ids.filter((id) => files.has(id))
          .map((id) => ({ id, url: `https://bucket.example/${id}?X-Amz-Signature=`, expires_at })),
        missing: ids.filter((id) => !files.has(id)),
      });
    },
    download: fail,
  };
}
