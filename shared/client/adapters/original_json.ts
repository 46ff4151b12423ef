import type { Json } from "../../database.types.ts";

/** How a text begins that stands there as a JSON literal; see stored_json.ts. */
export const LITERAL = "chat-archive:json/";

/** The text that was stored. */
export function originalText(text: string): string {
  if (!text.startsWith(LITERAL)) return text;
  try {
    return String(JSON.parse(text.slice(LITERAL.length)));
  } catch {
    return text; // Written by somebody else.
  }
}

/** The value that was stored. */
export function originalJson(value: Json): Json {
  if (typeof value === "string") return originalText(value);
  if (Array.isArray(value)) return value.map(originalJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [originalText(key), originalJson(item!)]),
  );
}
