import { EXTENSION_OF } from "../../../object-keys.ts";
import { notLoaded } from "../../not_loaded.ts";
import type { AttachmentAdapter, AttachmentVerbs } from "./attachment.ts";
import type { ThreadItem } from "./thread_item.ts";

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
      const item = thread();
      yield* (await load()).addFile(archive, item, state);
    },
    send: async (attachment) => await (await load()).sendFile(archive, attachment),
    remove: async (attachment) => await (await load()).removeFile(archive, attachment),
  };
}
