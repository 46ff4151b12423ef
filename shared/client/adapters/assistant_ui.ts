/**
 * Threads of assistant-ui (`@assistant-ui/react`): list, history, attachments and feedback.
 *
 * @module
 */
export type {
  AttachmentAdapter,
  AttachmentVerbs,
  CompleteAttachment,
  PendingAttachment,
  PendingStatus,
} from "./assistant_ui/attachment.ts";
export { attachmentAdapter } from "./assistant_ui/attachments.ts";
export {
  type FeedbackAdapter,
  feedbackAdapter,
  type FeedbackVerbs,
} from "./assistant_ui/feedback.ts";
export {
  type FormatItem,
  type FormattedHistory,
  type HistoryVerbs,
  type MessageFormat,
  type ThreadHistory,
  threadHistoryAdapter,
  type ThreadMessageItem,
} from "./assistant_ui/thread_history.ts";
export type { ThreadItem } from "./assistant_ui/thread_item.ts";
export {
  type ThreadListAdapter,
  threadListAdapter,
  type ThreadListVerbs,
  type ThreadMetadata,
  type TitleChunk,
} from "./assistant_ui/thread_list.ts";
export type { ThreadMessage } from "./assistant_ui/thread_messages.ts";
