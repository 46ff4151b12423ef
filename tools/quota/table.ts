import { writeSize } from "./amounts.ts";
import type { Limits } from "./command.ts";

/** What is limited, in the order of columns. */
export const QUOTAS = [
  { column: "max_chats", name: "chats", isSize: false },
  { column: "max_text_bytes", name: "text", isSize: true },
  { column: "max_objects", name: "objects", isSize: false },
  { column: "max_file_bytes", name: "files", isSize: true },
] as const satisfies { column: keyof Limits; name: string; isSize: boolean }[];

/** A figure of a quota for people. @param instead of none */
export function describeAmount(value: number | null | undefined, isSize: boolean, instead: string) {
  if (value === null || value === undefined) return instead;
  return isSize ? writeSize(value) : value.toLocaleString("en");
}
