import { ChatArchiveError } from "../../../errors.ts";
import type { ArchiveVerbs } from "../../archive_verbs.ts";
import type { ChatVerbs } from "../framework_ids.ts";
import { inTurn } from "../in_turn.ts";
import { loadKeeping } from "../load_keeping.ts";
import { chatIdOf, type ThreadItem } from "./thread_item.ts";

/** What {@link feedbackAdapter} needs of an archive. */
export type FeedbackVerbs =
  & Pick<ChatVerbs, "listChats" | "getChat">
  & Pick<ArchiveVerbs, "messages" | "updateMessage">;

/** What a user thinks of a message. */
interface Feedback {
  message: { id: string };
  type: "positive" | "negative";
  comment?: string;
}

/** A FeedbackAdapter of assistant-ui. */
export interface FeedbackAdapter {
  submit(feedback: Feedback): void;
}

/**
 * What the user thinks of an answer: a FeedbackAdapter of assistant-ui. It is kept in the metadata of
 * the message, as `submittedFeedback`.
 *
 * @param thread gives the thread that is open, at the time of each call
 * @param onError called with what kept it from being saved
 */
export function feedbackAdapter(
  archive: FeedbackVerbs,
  thread: () => ThreadItem,
  { onError = () => {} }: { onError?: (error: unknown) => void } = {},
): FeedbackAdapter {
  const save = async ({ message: { id: message_id }, ...submittedFeedback }: Feedback) => {
    const { remoteId } = await thread().initialize();
    const { rowIdsOf } = await loadKeeping();
    await inTurn(archive, remoteId, async () => {
      const chat_id = await chatIdOf(archive, { remoteId });
      const ids = await rowIdsOf(archive, { chat_id, ids: [message_id] });
      const { id, isStored } = ids.get(message_id)!;
      if (!isStored) throw new ChatArchiveError("not_found", "no such message");
      const { metadata } = await archive.updateMessage({ id });
      await archive.updateMessage({ id, metadata: { ...metadata, submittedFeedback } });
    });
  };
  return {
    submit: (feedback) => {
      save(feedback).catch(onError);
    },
  };
}
