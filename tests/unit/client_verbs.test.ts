/** Each method of an archive is a function too, so that a page can import just what it calls. */
import { createClient } from "@supabase/supabase-js";
import * as library from "@shared/client/mod.ts";
import { assertEquals } from "@std/assert";

/** What only an archive has: it keeps what is pending. */
const OF_ARCHIVES = [
  "adopt",
  "close",
  "conflicts",
  "dismissConflict",
  "forget",
  "pending",
  "sync",
];

const supabase = createClient<library.Database>("http://127.0.0.1:1", "key");
const named = (methods: object) => Object.keys(methods).toSorted();

Deno.test("each method is exported as a function that takes a connection", () => {
  const methods = named(library.createChatArchive(supabase));
  assertEquals(OF_ARCHIVES.filter((name) => !methods.includes(name)), []);
  const verbs = methods.filter((name) => !OF_ARCHIVES.includes(name));
  const functions = Object.entries(library)
    .filter(([, value]) => typeof value === "function").map(([name]) => name);
  assertEquals(verbs.filter((name) => !functions.includes(name)), []);
});

Deno.test("an archive that works offline has the same methods", async () => {
  await using local = library.createChatArchive(supabase, { offline: "local", retryAfter: 60_000 });
  assertEquals(named(local), named(library.createChatArchive(supabase)));
});

Deno.test("no method sends with a client that is not bound to its user", async () => {
  const folder = new URL("../../shared/client/", import.meta.url);
  const loose: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".ts")) continue;
    const text = await Deno.readTextFile(new URL(name, folder));
    // An operation's connection is bound; the one that a method is called with is not.
    const opens = /operate(Each)?\(/.test(text) && !/function operate/.test(text);
    const bound = /connection: \{ supabase \}|operation\.connection/.test(text);
    if (opens && /[^.]\bconnection\.supabase\b/.test(text) && !bound) loose.push(name);
    if (/createClient|\.auth\.getSession/.test(text) && name !== "session.ts") loose.push(name);
  }
  assertEquals(loose.filter((name) => name !== "create_chat_archive.ts"), []);
});
