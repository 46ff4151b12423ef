/** Contracts and tables have the same types. Read by the compiler only: see types.test.ts. */
import type { ChatDocument, ChatImage } from "@shared/contracts/file_rows.ts";
import type { Box, Tables } from "@shared/rows.ts";

type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : false : false;
/** A row whose JSON has the shape that checks of the table hold it to. */
type Row<Table extends keyof Tables, Json extends object> =
  & Omit<Tables[Table]["Row"], keyof Json>
  & Json;
type Image = Row<"chat_images", { coords_norm: Box | null }>;
type Document = Row<"chat_documents", Pick<ChatDocument, "metadata">>;

export const same: Same<ChatImage, Image> = true;
export const sameDocument: Same<ChatDocument, Document> = true;
// @ts-expect-error -- a column more
export const more: Same<ChatImage, Image & { colour: string }> = true;
// @ts-expect-error -- a column that may be null
export const nullable: Same<ChatImage, { [Name in keyof Image]: Image[Name] | null }> = true;
// @ts-expect-error -- JSON that is no object
export const list: Same<ChatDocument, Omit<Document, "metadata"> & { metadata: string[] }> = true;
