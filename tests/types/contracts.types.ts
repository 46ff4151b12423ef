/** Contracts and tables have the same types. Read by the compiler only: see types.test.ts. */
import type { ChatImage } from "@shared/contracts/values.ts";
import type { Database } from "@shared/database.types.ts";

type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : false : false;
type Row = Database["public"]["Tables"]["chat_images"]["Row"];

export const same: Same<ChatImage, Row> = true;
// @ts-expect-error -- a column more
export const more: Same<ChatImage, Row & { colour: string }> = true;
// @ts-expect-error -- a column that may be null
export const nullable: Same<ChatImage, { [Name in keyof Row]: Row[Name] | null }> = true;
