/** Runs under Node with the package installed; prints what a test compares as JSON. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { createClient } from "@supabase/supabase-js";
import * as library from "chat-archive";
import { diskStore } from "chat-archive/node";
import { exercise } from "./exercise.js";

const [url, key, imagePath, storePath] = process.argv.slice(2);
const supabase = createClient(url, key, { auth: { persistSession: false } });
const content = new Blob([await readFile(imagePath)], { type: "image/png" });
const result = await exercise({ supabase, library, content });

const offline = { offline: "local", useDatabase: false };
const archive = library.createChatArchive(supabase, {
  ...offline,
  offlineStore: diskStore(storePath),
});
const { pending } = await archive.createChat({ title: "Kept on disk" });
await archive.close();
const again = library.createChatArchive(supabase, {
  ...offline,
  offlineStore: diskStore(storePath),
});
const kept = (await again.pending()).map(({ input }) => input.title);
await again.close();
console.log(JSON.stringify({ ...result, pending, kept }));
process.exit(0);
