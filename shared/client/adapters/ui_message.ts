import type { Json } from "../../database.types.ts";

/**
 * A message of the AI SDK, as far as the archive looks into it: versions 5 to 7 fit, with types of
 * metadata, data parts and tools of any kind.
 */
export interface UIMessage {
  id: string;
  /** Instructions (`system`) are not kept: give them to the model where it is called. */
  role: "system" | "user" | "assistant";
  metadata?: unknown;
  parts: UIPart[];
}

/** A part of a message, with whatever fields its type has. */
export interface UIPart {
  type: string;
  [field: string]: unknown;
}

/** A part as JSON. */
export type JsonPart = { [key: string]: Json | undefined };

/** Where a part has its file, by how the AI SDK and assistant-ui name it. */
const FIELDS: Record<string, readonly string[]> = {
  file: ["url", "data"],
  "reasoning-file": ["url"],
  image: ["image"],
};

/** The field of a part that holds a file, as a URL or as base64; undefined where it is no file. */
export function fileFieldOf(part: unknown): string | undefined {
  const fields = part as JsonPart | null | undefined;
  const { type, sourceType } = fields ?? {};
  if (typeof type !== "string" || !Object.hasOwn(FIELDS, type) || sourceType === "id") {
    return undefined;
  }
  return FIELDS[type]!.find((name) => typeof fields![name] === "string");
}

/** Parts of a part: of a message that steered the assistant while it wrote, of an attachment. */
export function partsWithin(part: unknown): unknown[] {
  const { parts, attachment } = (part ?? {}) as JsonPart;
  const inner = parts ?? (attachment as JsonPart | undefined)?.content;
  return Array.isArray(inner) ? inner : [];
}
