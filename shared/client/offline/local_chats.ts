import type { Json } from "../../database.types.ts";
import {
  type ChatFilter,
  type ChatPage,
  chatPage,
  chatWindow,
  type ListChats,
} from "../chat_window.ts";
import type { Chat } from "../rows.ts";

/** The order of a list: negative where a comes first. */
function newestFirst(a: { time: string; id: string }, b: { time: string; id: string }): number {
  return Date.parse(b.time) - Date.parse(a.time) || Number(a.id < b.id) - Number(a.id > b.id);
}

/** Whether JSON holds all of another one, as PostgreSQL's `@>` has it. */
function contains(whole: Json, part: Json): boolean {
  if (typeof part !== "object" || part === null) return whole === part;
  if (typeof whole !== "object" || whole === null) return false;
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((one) => whole.some((other) => contains(other, one)));
  }
  return !Array.isArray(whole) &&
    Object.entries(part).every(([key, value]) =>
      Object.hasOwn(whole, key) && contains(whole[key]!, value!)
    );
}

/** Those chats that a list is asked for, in its order. */
export function listed<Row extends Chat>(
  chats: Row[],
  { order = "created_at", is_archived, metadata = {}, external_id }: ChatFilter,
): Row[] {
  const placed = (chat: Chat) => ({ time: chat[order], id: chat.id });
  return chats
    .filter((chat) =>
      (is_archived === undefined || chat.is_archived === is_archived) &&
      (external_id === undefined || chat.external_id === external_id) &&
      contains(chat.metadata, metadata)
    )
    .toSorted((a, b) => newestFirst(placed(a), placed(b)));
}

/** A page of them, as `listChats` gives it. */
export function localPage(chats: Chat[], input: ListChats): ChatPage {
  const { limit, order, after } = chatWindow(input);
  const found = listed(chats, input).filter((chat) =>
    !after || newestFirst(after, { time: chat[order], id: chat.id }) < 0
  );
  return { ...chatPage(found.slice(0, limit), order, found.length > limit), local: true };
}

/** Those that a page of the server should show, as this device knows them, and that it does not show. */
export function missingOn(page: ChatPage, chats: Chat[], input: ListChats): Chat[] {
  const { order, after } = chatWindow(input);
  const shown = new Set(page.chats.map(({ id }) => id));
  const end = page.next && { time: page.next[order]!, id: page.next.id };
  return listed(chats, input).filter((chat) => {
    const place = { time: chat[order], id: chat.id };
    return !shown.has(chat.id) && (!after || newestFirst(after, place) < 0) &&
      (!end || newestFirst(place, end) < 0);
  });
}
