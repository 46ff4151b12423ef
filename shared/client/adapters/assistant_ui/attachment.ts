import type { ArchiveVerbs } from "../../archive_verbs.ts";
import type { ChatVerbs } from "../framework_ids.ts";

/** What `attachmentAdapter` needs of an archive. */
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
