/** What the packed library adds to a page, as a bundler makes it. 1 kB is 1000 bytes. */
import { join } from "node:path";
import { stop } from "esbuild";
import { assert, assertEquals } from "@std/assert";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { bundledPage } from "../support/bundled_page.ts";
import { installPackage } from "../support/installed_package.ts";

/** Bytes of a minimal use, by issue and docs: gzipped, over those of supabase-js alone. */
const BOUND = 10_000;

const folder = await installPackage();
const SUPABASE = `export { createClient } from "@supabase/supabase-js";\n`;

/** What is loaded later, and when. */
const LATER: Record<string, string> = {
  "sha2.js": "loaded with the first upload over 16 MiB, or on a page that is not secure",
  "with_offline.js": 'loaded when `offline: "local"` is chosen',
  "local_export.js": "loaded with the first export without the server",
  "explained.js": "loaded when the server refuses a call",
  "later_verbs.js": "loaded with the first upload, download, export, import or deletion",
  "memory_store.js": 'loaded with `memoryStore`, the default of `offline: "local"`',
};

/** The same three calls, through an archive and through functions; and everything at once. */
const USES = {
  "`createChatArchive`: `createChat`, `addMessages`, `messages`": `
    import { createChatArchive } from "chat-archive";
    export async function use(supabase, messages) {
      const archive = createChatArchive(supabase);
      const { id: chat_id } = await archive.createChat({ title: "My document" });
      await archive.addMessages({ chat_id, messages });
      for await (const { content } of archive.messages({ chat_id })) console.log(content);
    }`,
  "`connect` and the same three as functions": `
    import { addMessages, connect, createChat, messages as read } from "chat-archive";
    export async function use(supabase, messages) {
      const connection = connect(supabase);
      const { id: chat_id } = await createChat(connection, { title: "My document" });
      await addMessages(connection, { chat_id, messages });
      for await (const { content } of read(connection, { chat_id })) console.log(content);
    }`,
};

/** Use → kB, as the docs' table gives them. */
async function documented(): Promise<Map<string, number>> {
  const text = await Deno.readTextFile(join(PROJECT_ROOT, "docs/client.md"));
  return new Map(
    [...text.matchAll(/^\| (.+?) +\| +(\d+) kB \|$/gm)].map(([, use, size]) => [
      use!,
      Number(size),
    ]),
  );
}

Deno.test("a minimal use of the library adds less than 10 kB, and what the docs say", async () => {
  try {
    const alone = await bundledPage(folder, SUPABASE);
    assertEquals([alone.later.size, alone.modules.filter((path) => /zod/.test(path))], [0, []]);
    const actual = new Map<string, number>();
    for (const [use, code] of Object.entries(USES)) {
      const page = await bundledPage(folder, SUPABASE + code);
      const added = page.first - alone.first;
      assert(added > 1000 && added < BOUND, `${use} adds ${added} bytes`);
      assertEquals(page.modules.filter((path) => /zod/.test(path)), []);
      actual.set(use, Math.ceil(added / 1000));
      for (const [module, size] of page.later) {
        const when = LATER[module]!;
        // For the archive, which is the first use.
        if (!actual.has(when)) actual.set(when, Math.ceil(size / 1000));
      }
    }
    assertEquals(await documented(), actual);
  } finally {
    await stop();
  }
});
