import { fieldError } from "@shared/errors.ts";
import type { ArchiveClient, Chat } from "@shared/rows.ts";
import { query } from "@shared/query.ts";
import { FileNames, safeName } from "./file_names.ts";

/** Whole chats that one request can carry. */
export interface Part {
  chats: Chat[];
  /** Where the next part begins; null after the last one. */
  next: string | null;
}

/** The last chat of the part before. */
interface Cursor {
  created_at: string;
  id: string;
}

function encodeCursor({ created_at, id }: Cursor): string {
  return btoa(`${created_at} ${id}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decodeCursor(text: string): Cursor {
  try {
    const [, created_at, id] = /^(\S{10,40}) ([0-9a-f-]{36})$/
      .exec(atob(text.replaceAll("-", "+").replaceAll("_", "/")))!;
    if (!Number.isNaN(Date.parse(created_at!))) return { created_at: created_at!, id: id! };
  } catch {
    // What follows says so.
  }
  throw fieldError("invalid_request", ["after"], "must be what a part before said");
}

/**
 * Finds the chats of one part, the oldest first. Chats that are made meanwhile come last.
 *
 * @param after `next` of the part before
 * @throws {ChatArchiveError} `invalid_request` for another `after`
 */
export async function readPart(db: ArchiveClient, after: string | undefined): Promise<Part> {
  const cursor = after === undefined ? undefined : decodeCursor(after);
  const rows = await query(() =>
    db.rpc(
      "export_part",
      cursor ? { after_created_at: cursor.created_at, after_id: cursor.id } : {},
    )
  );
  const end = rows.pop();
  const ids = rows.map(({ id }) => id);
  const chats = ids.length === 0
    ? []
    : await query(() => db.from("chats").select().in("id", ids).order("created_at").order("id"));
  return { chats, next: end?.more ? encodeCursor(rows.at(-1)!) : null };
}

/** Gives each chat a folder: its title, and enough of its id to differ in all parts. */
export function foldersOf(chats: Chat[]): Map<Chat, string> {
  const names = new FileNames();
  return new Map(chats.map((chat) => {
    const name = `${safeName(chat.title, "chat", 80)} ${chat.id.slice(0, 8)}`;
    return [chat, `${names.folder(name, "chat")}/`];
  }));
}
