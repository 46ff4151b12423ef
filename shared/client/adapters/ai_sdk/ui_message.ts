import type { Json } from "../../../database.types.ts";

/**
 * A message of the AI SDK, as far as the archive looks into it: versions 5 to 7 fit, with types of
 * metadata, data parts and tools of any kind.
 */
export interface UIMessage {
  id: string;
  /** Instructions (`system`) are not kept: give them to the model where it is called. */
  role: "system" | "user" | "assistant";
  metadata?: unknown;
  parts: { type: string }[];
}

/** A part as JSON. */
export type JsonPart = { [key: string]: Json | undefined };

/** A file or a reasoning file. */
export type FilePart = JsonPart & { url: string };

const FILES = new Set<unknown>(["file", "reasoning-file"]);

/** Whether a part is a file. */
export function isFilePart(part: unknown): part is FilePart {
  const { type, url } = (part ?? {}) as JsonPart;
  return FILES.has(type) && typeof url === "string";
}

/** Parts of a part: a message that steered the assistant while it wrote has some. */
export function partsWithin(part: unknown): unknown[] {
  const { parts } = (part ?? {}) as JsonPart;
  return Array.isArray(parts) ? parts : [];
}
