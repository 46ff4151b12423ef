/**
 * What attachments do with the archive. It is loaded with the first one.
 *
 * @module
 */
import { ChatArchiveError } from "../../../errors.ts";
import { codeOf } from "../code_of.ts";
import type {
  AttachmentAdapter,
  AttachmentVerbs,
  CompleteAttachment,
  PendingAttachment,
  PendingStatus,
} from "./attachment.ts";
import { chatIdOf, type ThreadItem } from "./thread_item.ts";

const typeOf = (contentType: string) =>
  contentType.startsWith("image/") ? "image" as const : "document" as const;

/** Sends a file. @param tell receives the part that has been sent, 0–1 */
async function upload(
  archive: AttachmentVerbs,
  thread: ThreadItem,
  { id, file, tell }: { id: string; file: File; tell: (progress: number) => void },
): Promise<void> {
  const { remoteId } = await thread.initialize();
  const chat_id = await chatIdOf(archive, { remoteId });
  const content = { id, name: file.name, content: file };
  const onProgress = ({ loaded, bytes }: { loaded: number; bytes: number }) =>
    tell(bytes > 0 ? loaded / bytes : 0);
  if (typeOf(file.type) === "image") {
    await archive.uploadImages({ chat_id, images: [content], onProgress });
  } else await archive.uploadDocument({ chat_id, document: content, onProgress });
}

/** Uploads a file, and tells how far it is. */
export async function* addFile(
  archive: AttachmentVerbs,
  thread: ThreadItem,
  { file }: { file: File },
): AsyncGenerator<PendingAttachment, void> {
  const id = crypto.randomUUID();
  const attachment = (status: PendingStatus): PendingAttachment => ({
    id,
    type: typeOf(file.type),
    name: file.name,
    contentType: file.type,
    file,
    status,
  });
  let progress = 0;
  let changed = Promise.withResolvers<void>();
  let outcome: PendingStatus | undefined;
  const tell = (part: number) => {
    progress = part;
    changed.resolve();
  };
  upload(archive, thread, { id, file, tell }).then(
    () => outcome = { type: "requires-action", reason: "composer-send" },
    (error) => outcome = { type: "incomplete", reason: "error", message: String(error.message) },
  ).finally(() => changed.resolve());
  while (!outcome) {
    yield attachment({ type: "running", reason: "uploading", progress });
    await changed.promise;
    changed = Promise.withResolvers<void>();
  }
  yield attachment(outcome);
}

/** The attachment as its message has it. */
export async function sendFile(
  archive: AttachmentVerbs,
  { id, name, contentType, file }: Parameters<AttachmentAdapter["send"]>[0],
): Promise<CompleteAttachment> {
  const mimeType = contentType ?? file.type;
  const { downloads: [download] } = await archive.downloadUrls({ ids: [id] });
  if (!download) throw new ChatArchiveError("not_found", "no such file");
  const type = typeOf(mimeType);
  return {
    id,
    type,
    name,
    contentType: mimeType,
    file,
    status: { type: "complete" },
    content: type === "image"
      ? [{ type, image: download.url, filename: name }]
      : [{ type: "file", data: download.url, mimeType, filename: name }],
  };
}

/** Deletes a file that was not sent. */
export async function removeFile(
  archive: AttachmentVerbs,
  { id, type, status }: Parameters<AttachmentAdapter["remove"]>[0],
): Promise<void> {
  // What was sent belongs to its message.
  if (status.type === "complete") return;
  if (type === "image") await archive.deleteImages({ ids: [id] });
  else {
    await archive.deleteDocument({ id }).catch((error) => {
      if (codeOf(error) !== "not_found") throw error;
    });
  }
}
