/**
 * A client in a process of its own, which tests kill: it writes numbered messages to one chat, and
 * prints each number when the library says that it is kept.
 */
import { createClient } from "@supabase/supabase-js";
import { createChatArchive } from "@shared/client/mod.ts";
import type { Database } from "@shared/database.types.ts";
import { diskStore } from "@shared/client/node/disk_store.ts";

const [url, key, token, path, chat_id] = Deno.args as [string, string, string, string, string];
const supabase = createClient<Database>(url, key, { accessToken: () => Promise.resolve(token) });
const archive = createChatArchive(supabase, {
  offline: "local",
  offlineStore: diskStore(path),
  retryAfter: 50,
});
const first = Number(Deno.args[5]);
for (let number = first; number < first + 5000; number++) {
  await archive.addMessage({ chat_id, role: "user", content: String(number) });
  await Deno.stdout.write(new TextEncoder().encode(`${number}\n`));
}
