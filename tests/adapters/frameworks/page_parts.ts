/** What pages share that tests drive. */
import { createClient } from "@supabase/supabase-js";
import { type ChatArchive, createChatArchive } from "chat-archive";

/** The archive of whoever is signed in here. @param isNew whether somebody new signs up */
export async function archiveOf(url: string, key: string, isNew: boolean): Promise<ChatArchive> {
  const supabase = createClient(url, key);
  if (isNew) {
    const password = crypto.randomUUID();
    await supabase.auth.signUp({ email: `${password}@example.com`, password });
  }
  return createChatArchive(supabase);
}

/** Waits. @param told what there is instead, for the error */
export async function until(
  holds: () => boolean | undefined,
  told: () => unknown,
): Promise<void> {
  for (const deadline = Date.now() + 60_000; !holds();) {
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(told())}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Fields of parts that hold URLs of files. */
const FILES: Record<string, string> = { file: "url", image: "image" };

/** A value as JSON, without the files that a page holds, and with the hash of each file in place of its URL. */
export async function withoutUrls(value: unknown): Promise<unknown> {
  const copy = JSON.parse(
    JSON.stringify(value, (_, inner) => inner instanceof File ? undefined : inner),
  );
  const replace = async (inner: unknown): Promise<void> => {
    if (typeof inner !== "object" || inner === null) return;
    const part = inner as Record<string, string>;
    const field = FILES[part.type ?? ""];
    if (field && part[field]) part[field] = await hashOf(part[field]);
    await Promise.all(Object.values(inner).map(replace));
  };
  await replace(copy);
  return copy;
}

async function hashOf(url: string): Promise<string> {
  const response = await fetch(url);
  const hash = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return `${response.status} ${new Uint8Array(hash).join()}`;
}
