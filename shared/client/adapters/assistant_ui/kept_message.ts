/**
 * Messages of assistant-ui as those of the AI SDK, which rows hold.
 *
 * @module
 */
import type { Status } from "../../rows.ts";
import type { UIMessage } from "../ui_message.ts";
import { ATTACHMENT, type ThreadMessage, WHOLE } from "./thread_messages.ts";

/** The message as it is kept. @param runConfig that was given for it */
export function uiMessageOf(
  { content, attachments, createdAt, ...message }: ThreadMessage,
  runConfig: unknown,
): UIMessage {
  const files = (attachments ?? []).map((attachment) => {
    const { file: _, ...facts } = attachment as { file?: unknown };
    return { type: ATTACHMENT, attachment: facts };
  });
  return {
    ...message,
    createdAt: createdAt.toISOString(),
    ...runConfig === undefined ? {} : { runConfig },
    parts: [...content, ...files] as UIMessage["parts"],
  } as UIMessage;
}

/** How a row stands. */
export function rowStatusOf({ status }: ThreadMessage): Status {
  if (status?.type === "running") return "streaming";
  if (status?.type !== "incomplete") return "complete";
  return status.reason === "error" ? "error" : "incomplete";
}

/** A message of a format as rows hold it: those of the AI SDK are what they are. */
export function formattedMessage(
  id: string,
  format: string,
  content: Record<string, unknown>,
): UIMessage {
  const { role, parts } = content;
  if (Array.isArray(parts)) return { ...content, id, role: role as "user", parts };
  const speaker = role === "user" ? "user" : "assistant";
  return { id, role: speaker, parts: [{ type: WHOLE, format, content } as { type: string }] };
}
