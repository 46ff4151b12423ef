/**
 * Names of objects in the bucket. The database makes and checks the same keys; a test compares.
 *
 * @module
 */

/** Media types that can be stored, and the extension of their keys. */
export const EXTENSION_OF = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
  "application/pdf": "pdf",
} as const;

/** A media type that can be stored. */
export type ContentType = keyof typeof EXTENSION_OF;

/** What an uploaded file is: an image of a message, or the document of a chat. */
export type Kind = "image" | "document";

/** A chat, and who owns it. */
export interface OwnedChat {
  user_id: string;
  chat_id: string;
}

/** Prefix of everything that belongs to one chat, `<user_id>/<chat_id>/`. */
export function chatPrefix({ user_id, chat_id }: OwnedChat): string {
  return `${user_id}/${chat_id}/`;
}
