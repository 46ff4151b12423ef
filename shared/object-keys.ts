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

/** What makes the keys of one upload. */
export interface KeyParts {
  user_id: string;
  chat_id: string;
  /** Id of the upload. */
  id: string;
  kind: Kind;
  content_type: ContentType;
}

/** Prefix of everything that belongs to one chat, `<user_id>/<chat_id>/`. */
export function chatPrefix({ user_id, chat_id }: Pick<KeyParts, "user_id" | "chat_id">): string {
  return `${user_id}/${chat_id}/`;
}

/** Key of a verified file: `<user_id>/<chat_id>/images/<id>.<ext>` or `…/documents/<id>.<ext>`. */
export function finalKey(parts: KeyParts): string {
  const folder = parts.kind === "document" ? "documents" : "images";
  return `${chatPrefix(parts)}${folder}/${parts.id}.${EXTENSION_OF[parts.content_type]}`;
}

/** Key that a signed PUT writes to: `<user_id>/<chat_id>/incoming/<id>`. */
export function incomingKey(parts: Pick<KeyParts, "user_id" | "chat_id" | "id">): string {
  return `${chatPrefix(parts)}incoming/${parts.id}`;
}
