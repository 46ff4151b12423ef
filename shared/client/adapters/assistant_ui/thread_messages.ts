/**
 * Messages of assistant-ui, made of those of the AI SDK, which rows hold.
 *
 * @module
 */
import type { JsonPart, UIMessage } from "../ui_message.ts";

/** A message of assistant-ui, as far as the archive looks into it. */
export interface ThreadMessage {
  readonly id: string;
  readonly role: "system" | "user" | "assistant";
  readonly createdAt: Date;
  readonly content: readonly object[];
  readonly attachments?: readonly object[] | undefined;
  readonly status?: { readonly type: string; readonly reason?: unknown } | undefined;
  readonly metadata: object;
}

/** Attachments are kept behind the parts: metadata would be too small for them. */
export const ATTACHMENT = "attachment";
/** A part that holds a whole message of a format that has no parts. */
export const WHOLE = "chat-archive-format";

/** What parts of the AI SDK are here: other writers keep those. */
function partOf(part: JsonPart): JsonPart {
  const { type, url, mediaType, sourceId: id, ...facts } = part;
  if (type === "file" && url !== undefined) {
    return String(mediaType).startsWith("image/")
      ? { ...facts, type: "image", image: url }
      : { ...facts, type, data: url, mimeType: mediaType };
  }
  if (type === "source-document") {
    return { ...facts, type: "source", sourceType: "document", id, mediaType };
  }
  if (type === "source-url") return { ...facts, type: "source", sourceType: "url", id, url };
  return part;
}

/** What assistant-ui expects to be there. */
const DEFAULTS = {
  user: { attachments: [], metadata: { custom: {} } },
  assistant: {
    status: { type: "complete", reason: "unknown" },
    metadata: {
      unstable_state: null,
      unstable_annotations: [],
      unstable_data: [],
      steps: [],
      custom: {},
    },
  },
};

/** The message that was kept. @param created_at of its row */
export function threadMessageOf(
  message: UIMessage,
  created_at: string,
): { message: ThreadMessage; runConfig: unknown } {
  const { parts, metadata, createdAt, runConfig, ...fields } = message as UIMessage & {
    createdAt?: string;
    runConfig?: unknown;
  };
  const defaults = DEFAULTS[message.role as "user" | "assistant"];
  const isAttachment = (part: { type: string }) => part.type === ATTACHMENT;
  const own = parts.filter((part) => !isAttachment(part)) as JsonPart[];
  const files = parts.filter(isAttachment) as unknown as { attachment: object }[];
  return {
    message: {
      ...defaults,
      ...fields,
      ...message.role === "user" ? { attachments: files.map(({ attachment }) => attachment) } : {},
      metadata: { ...defaults.metadata, ...metadata as object },
      createdAt: new Date(createdAt ?? created_at),
      content: own.map(partOf),
    } as ThreadMessage,
    runConfig,
  };
}
