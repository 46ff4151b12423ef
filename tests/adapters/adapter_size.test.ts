/** What an adapter adds to a page, as a bundler makes it. 1 kB is 1000 bytes. */
import { join } from "node:path";
import { stop } from "esbuild";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { bundledPage } from "../support/bundled_page.ts";
import { installPackage } from "../support/installed_package.ts";

/** Bytes of an adapter, and of what it loads later, by issue. */
const BOUND = 5000;
const KEEPING = "of both, loaded with the first save";

const folder = await installPackage();

Deno.test("an adapter adds less than 5 kB, and what the docs say", async () => {
  const begin = `import { createChatArchive } from "chat-archive";
    globalThis.archive = createChatArchive;`;
  try {
    const alone = await bundledPage(folder, begin);
    const actual = new Map<string, number>();
    for (const name of ["chat-archive/ai-sdk", "chat-archive/assistant-ui"]) {
      const page = await bundledPage(
        folder,
        `${begin} import * as adapter from "${name}";
        globalThis.adapter = { ...adapter };`,
      );
      const added = page.first - alone.first;
      assert(added > 1000 && added < BOUND, `${name} adds ${added} bytes`);
      const keeping = page.later.get("keeping.js")!;
      assert(keeping > 1000 && keeping < BOUND, `${name} loads ${keeping} later`);
      actual.set(`\`${name}\``, Math.ceil(added / 1000));
      actual.set(KEEPING, Math.ceil(keeping / 1000));
    }
    const text = await Deno.readTextFile(join(PROJECT_ROOT, "docs/adapters.md"));
    const documented = new Map(
      [...text.matchAll(/^\| (.+?) +\| +(\d+) kB \|$/gm)].map(([, use, size]) => [
        use!,
        Number(size),
      ]),
    );
    assertEquals(documented, actual);
  } finally {
    await stop();
  }
});
