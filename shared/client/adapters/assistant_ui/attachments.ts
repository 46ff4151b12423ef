import { EXTENSION_OF } from "../../../object-keys.ts";
import type { ArchiveVerbs } from "../../archive_verbs.ts";
import type { ChatVerbs } from "../framework_ids.ts";
import { notLoaded } from "../../not_loaded.ts";
import type { ThreadItem } from "./thread_item.ts";

/** What {@link attachmentAdapter} needs of an archive. */
export type AttachmentVerbs =
  & Pick<ChatVerbs, "listChats" | "getChat">
  & Pick<
    ArchiveVerbs,
    "uploadImages" | "uploadDocument" | "downloadUrls" | "deleteImages" | "deleteDocument"
  >;

/** How an attachment stands. */
export type PendingStatus =
  | { type: "running"; reason: "uploading"; progress: number }
  | { type: "requires-action"; reason: "composer-send" }
  | { type: "incomplete"; reason: "error"; message: string };

/** A file in the composer. */
export interface PendingAttachment {
  id: string;
  type: "image" | "document";
  name: string;
  contentType: string;
  file: File;
  status: PendingStatus;
}

/** A file of a message. */
export type CompleteAttachment = Omit<PendingAttachment, "status"> & {
  status: { type: "complete" };
  content: (
    | { type: "image"; image: string; filename: string }
    | { type: "file"; data: string; mimeType: string; filename: string }
  )[];
};

/** An AttachmentAdapter of assistant-ui. */
export interface AttachmentAdapter {
  accept: string;
  add(state: { file: File }): AsyncGenerator<PendingAttachment, void>;
  send(
    attachment: { id: string; name: string; contentType?: string | undefined; file: File },
  ): Promise<CompleteAttachment>;
  remove(attachment: { id: string; type: string; status: { type: string } }): Promise<void>;
}

/**
 * Files of a message that is being written, in the archive: an AttachmentAdapter of assistant-ui. They
 * are uploaded when they are chosen, with progress. A file that is taken away again is deleted.
 *
 * @param thread gives the thread that is open, at the time of each call
 *
 * @example
 * ```ts
 * import { attachmentAdapter } from "chat-archive/assistant-ui";
 *
 * const thread = { getState: () => ({}), initialize: async () => ({ remoteId: chat_id }) };
 * const adapter = attachmentAdapter(archive, () => thread);
 * const file = new File([png], "page.png", { type: "image/png" });
 * for await (const { status } of adapter.add({ file })) console.log(status);
 * ```
 */
export function attachmentAdapter(
  archive: AttachmentVerbs,
  thread: () => ThreadItem,
): AttachmentAdapter {
  const load = () => import("./attached_files.ts").catch(notLoaded);
  return {
    accept: Object.keys(EXTENSION_OF).join(","),
    async *add(state) {
      yield* (await load()).addFile(archive, thread, state);
    },
    send: async (attachment) => await (await load()).sendFile(archive, attachment),
    remove: async (attachment) => await (await load()).removeFile(archive, attachment),
  };
}
