/**
 * A client in a process of its own, which tests kill: it writes numbered messages to one chat, and
 * prints each number when the library says that it is kept. Its clock may be wrong.
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
const [first, count = 5000, clock = 0] = Deno.args.slice(5).map(Number) as [number, number, number];
const now = Date.now;
Date.now = () => now() + clock;
for (let number = first; number < first + count; number++) {
  await archive.addMessage({ chat_id, role: "user", content: String(number) });
  await Deno.stdout.write(new TextEncoder().encode(`${number}\n`));
}
Deno.exit();
