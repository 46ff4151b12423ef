/**
 * Messages of the AI SDK as rows.
 *
 * @module
 */
import type { Json } from "../../database.types.ts";
import { fieldError } from "../../errors.ts";
import { storableText } from "../../storable.ts";
import type { NewMessage } from "../add_messages.ts";
import type { Status } from "../rows.ts";
import { assertId } from "./framework_ids.ts";
import { isObject, OWN } from "./message_of_row.ts";
import { type Path, storedJson } from "./stored_json.ts";
import { fileFieldOf, type JsonPart, partsWithin, type UIMessage } from "./ui_message.ts";

/** A part with its files' URLs as they are: those become references. */
function storedPart(part: unknown, path: Path): Json {
  const stored = storedJson(part, path);
  const keepUrls = (copy: unknown, original: unknown) => {
    const field = fileFieldOf(copy);
    if (field) (copy as JsonPart)[field] = (original as JsonPart)[field];
    partsWithin(copy).forEach((inner, index) => keepUrls(inner, partsWithin(original)[index]));
  };
  keepUrls(stored, part);
  return stored;
}

/** Texts of parts, one after the other. */
function textsOf(parts: unknown[]): string[] {
  return parts.flatMap((part) => {
    const { type, text } = part as JsonPart;
    return type === "text" ? [String(text)] : textsOf(partsWithin(part));
  });
}

/** What a person reads: neither reasoning nor what tools say. Search and Markdown use it. */
export function readableText({ parts }: Pick<UIMessage, "parts">): string {
  return storableText(textsOf(parts).filter((text) => text.trim() !== "").join("\n\n"));
}

const MAX_TITLE = 80;

/** How a chat is called that has no title: as its first question begins. */
export function titleOf(messages: UIMessage[]): string {
  const question = messages.find(({ role }) => role === "user") ?? messages[0];
  const text = question ? readableText(question).replace(/\s+/g, " ").trim() : "";
  return text.slice(0, MAX_TITLE).toWellFormed() || "New chat";
}

/** Whether something in it is still written. */
function isStreaming({ parts }: UIMessage): boolean {
  return parts.some((part) => /^(input-)?streaming$/.test(String((part as JsonPart).state)));
}

/**
 * The columns of a message. Files' URLs are as they were.
 *
 * @param id    of the row
 * @param named the message's id, as `external_id` has it
 * @param path  of the message, for errors
 * @param isLast a later message means that nobody writes this one any more
 * @param isRoot whether it is known to follow no other
 * @throws {ChatArchiveError} `invalid_request` naming what is no JSON
 */
export function rowOf(
  message: UIMessage,
  { id, external_id, path, isLast, isRoot = false }: {
    id: string;
    external_id: string;
    path: Path;
    isLast: boolean;
    isRoot?: boolean;
  },
): NewMessage & { id: string; parts: Json[]; status: Status } {
  const { id: given, role, metadata, parts, ...others } = message;
  const stored = storedJson(metadata ?? null, [...path, "metadata"]);
  const fields = storedJson(others, path) as JsonPart;
  const isPlain = isObject(stored) && Object.keys(stored).length > 0 && !(OWN in stored);
  const extras = {
    ...(external_id === given ? {} : { id: storedJson(given, path) }),
    ...(isPlain || metadata === undefined ? {} : { metadata: stored }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
    ...(isRoot ? { root: true } : {}),
  };
  return {
    id,
    external_id,
    role: role as "user" | "assistant",
    content: readableText(message),
    parts: parts.map((part, index) => storedPart(part, [...path, "parts", index])),
    metadata: {
      ...(isPlain ? stored : {}),
      ...(Object.keys(extras).length === 0 ? {} : { [OWN]: extras }),
    },
    status: !isStreaming(message) ? "complete" : isLast ? "streaming" : "incomplete",
  };
}

/**
 * A list that can be saved.
 *
 * @throws {ChatArchiveError} `invalid_request` naming the message, and the field that is wrong in it
 */
export function assertMessages(messages: unknown, name: string): void {
  const refuse = (path: Path, message: string) => {
    throw fieldError("invalid_request", [name, ...path], message);
  };
  if (!Array.isArray(messages)) return refuse([], "must be a list");
  const seen = new Map<unknown, number>();
  messages.forEach((message: Partial<UIMessage> | null, index) => {
    const { id, role, parts } = message ?? {};
    assertId(id, [name, index, "id"]);
    if (seen.has(id)) refuse([index, "id"], `message ${seen.get(id)} has the same id`);
    seen.set(id, index);
    if (role === "system") {
      refuse(
        [index, "role"],
        "user or assistant: give instructions to the model where it is called",
      );
    }
    if (role !== "user" && role !== "assistant") refuse([index, "role"], "user or assistant");
    if (!Array.isArray(parts)) return refuse([index, "parts"], "must be a list");
    parts.forEach((part, n) => {
      if (typeof (part as JsonPart | null)?.type === "string") return;
      refuse([index, "parts", n, "type"], "must be a text");
    });
  });
}

/** @throws {ChatArchiveError} `invalid_request` naming what is no JSON */
export function assertJson(messages: UIMessage[]): void {
  messages.forEach((message, index) => storedJson(message, ["messages", index]));
}
