/** Which methods send a request again, and how often: the table of docs/client.md is what happens. */
import { createClient } from "@supabase/supabase-js";
import { type ChatArchive, createChatArchive, type Database } from "@shared/client/mod.ts";
import { isRepeated } from "@shared/client/repeated.ts";
import { bindVerbs } from "@shared/client/bind_verbs.ts";
import { connect } from "@shared/client/connection.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ChatArchiveError } from "@shared/errors.ts";

const id = crypto.randomUUID();
const png = new Blob([new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])]);

/** A call of each method, as short as can be. */
const CALLS: { [Verb in keyof ReturnType<typeof bindVerbs>]: (archive: ChatArchive) => unknown } = {
  createChat: (archive) => archive.createChat({ id, title: "x" }),
  getChat: (archive) => archive.getChat({ id }),
  listChats: (archive) => archive.listChats(),
  chats: (archive) => archive.chats().next(),
  updateChat: (archive) => archive.updateChat({ id, title: "x" }),
  archiveChat: (archive) => archive.archiveChat({ id }),
  unarchiveChat: (archive) => archive.unarchiveChat({ id }),
  addMessage: (archive) => archive.addMessage({ chat_id: id, role: "user", content: "x" }),
  addMessages: (archive) =>
    archive.addMessages({ chat_id: id, messages: [{ role: "user", content: "x" }] }),
  updateMessage: (archive) => archive.updateMessage({ id, content: "x" }),
  saveMessages: (archive) => archive.saveMessages({ chat_id: id, messages: [] }),
  deleteMessages: (archive) => archive.deleteMessages({ chat_id: id, ids: [id] }),
  messages: (archive) => archive.messages({ chat_id: id }).next(),
  history: (archive) => archive.history({ chat_id: id }).next(),
  addSearchResults: (archive) =>
    archive.addSearchResults({ chat_id: id, search_results: [{ block_id: "b", page_number: 1 }] }),
  searchResults: (archive) => archive.searchResults({ chat_id: id }).next(),
  search: (archive) => archive.search({ query: "x" }).next(),
  searchPage: (archive) => archive.searchPage({ query: "x" }),
  uploadImages: (archive) => archive.uploadImages({ chat_id: id, images: [{ content: png }] }),
  uploadDocument: (archive) =>
    archive.uploadDocument({ chat_id: id, document: { name: "a.pdf", content: png } }),
  documents: (archive) => archive.documents({ chat_id: id }).next(),
  deleteDocument: (archive) => archive.deleteDocument({ id }),
  attachImages: (archive) => archive.attachImages({ message_id: id, ids: [id] }),
  images: (archive) => archive.images({ chat_id: id }).next(),
  deleteImages: (archive) => archive.deleteImages({ ids: [id] }),
  downloadUrls: (archive) => archive.downloadUrls({ ids: [id] }),
  download: (archive) => archive.download({ id }),
  exportChat: (archive) => archive.exportChat({ chat_id: id }),
  importChat: (archive) => archive.importChat({ content: "{}" }),
  deleteChat: (archive) => archive.deleteChat({ id }),
  awaitDeletion: (archive) => archive.awaitDeletion({ id }),
  deleteAccount: (archive) => archive.deleteAccount({ confirm: "x" }),
  usage: (archive) => archive.usage(),
  checkConnection: (archive) => archive.checkConnection(),
};

/** Requests that a call makes where each is answered so. */
async function sent(
  call: (archive: ChatArchive) => unknown,
  answer: () => Response,
): Promise<{ times: number; ids: Set<string>; code: string }> {
  let times = 0;
  const bodies = new Set<string>();
  const supabase = createClient<Database>("http://127.0.0.1:1", "key", {
    accessToken: () => Promise.resolve(null),
    global: {
      fetch: (_, init) => {
        times++;
        bodies.add(String(init?.body));
        return Promise.resolve().then(answer);
      },
    },
  });
  const archive = createChatArchive(supabase, { useDatabase: true });
  const error = await assertRejects(async () => await call(archive), ChatArchiveError);
  return { times, ids: bodies, code: error.code };
}

const limited = () =>
  new Response(JSON.stringify({ code: "rate_limited", message: "slowly", request_id: "r" }), {
    status: 429,
    headers: { "retry-after": "0" },
  });

for (const [verb, call] of Object.entries(CALLS)) {
  const times = isRepeated(verb) ? 3 : 1;
  Deno.test(`${verb} sends a request ${times === 1 ? "once" : "again"}`, async () => {
    // Nothing was done then, so that every one may be sent again.
    const result = await sent(call, limited);
    assertEquals([result.times, result.ids.size], [3, 1], "the same request");
    if (verb !== "checkConnection") assertEquals(result.code, "rate_limited");
    const unanswered = await sent(call, () => {
      throw new TypeError("network error");
    });
    assertEquals(unanswered.times, times);
    assertEquals(unanswered.code, "database_unavailable");
  });
}

Deno.test("a list of what is repeated names every method", () => {
  const verbs = Object.keys(bindVerbs(connect(createClient<Database>("http://127.0.0.1:1", "k"))));
  assertEquals(Object.keys(CALLS).toSorted(), verbs.toSorted());
});

Deno.test("what will not pass is not asked again", async () => {
  const get = CALLS.createChat;
  const body = (code: string) => JSON.stringify({ code, message: "no", request_id: "r" });
  for (
    const [status, text, headers] of [
      [429, body("quota_exceeded"), {}],
      [503, body("database_disabled"), {}],
      [400, body("invalid_request"), {}],
      [429, body("rate_limited"), { "retry-after": "3600" }],
      [500, body("internal"), {}],
    ] as const
  ) {
    const { times } = await sent(get, () => new Response(text, { status, headers }));
    assertEquals(times, 1, text);
  }
  for (const status of [502, 503, 504]) {
    const { times } = await sent(get, () => new Response("<html>", { status }));
    assertEquals(times, 3, String(status));
  }
});

Deno.test("the docs' table of repetitions is what the code does", async () => {
  const docs = await Deno.readTextFile(new URL("../../docs/client.md", import.meta.url));
  const listed = (name: string) =>
    [...new RegExp(`^\\| ${name} +\\|(.+)\\|$`, "m").exec(docs)![1]!.matchAll(/`(\w+)`/g)]
      .map(([, verb]) => verb!).toSorted();
  const verbs = Object.keys(CALLS);
  assertEquals(listed("repeated"), verbs.filter(isRepeated).toSorted());
  assertEquals(listed("sent once"), verbs.filter((verb) => !isRepeated(verb)).toSorted());
  assert(verbs.length > 0);
});
