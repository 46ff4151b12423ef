/** What the packed library adds to a page, as a bundler makes it. 1 kB is 1000 bytes. */
import { basename, join } from "node:path";
import * as esbuild from "esbuild";
import { assert, assertEquals } from "@std/assert";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
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
  "explained.js": "loaded when the server refuses a value",
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

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).bytes()).length;
}

interface Page {
  /** Gzipped bytes that are loaded at once. */
  first: number;
  /** Gzipped bytes of what is loaded when it is needed, by its first module. */
  later: Map<string, number>;
  /** Modules of all chunks. */
  modules: string[];
}

/** What a page loads that consists of a module. */
async function bundled(contents: string): Promise<Page> {
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents, resolveDir: folder, sourcefile: "page.js" },
    absWorkingDir: folder,
    outdir: "out",
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
  });
  const sizes = new Map(
    await Promise.all(
      outputFiles.map(async ({ path, contents }) =>
        [path.slice(folder.length + 1), await gzipped(contents as Uint8Array<ArrayBuffer>)] as const
      ),
    ),
  );
  const entry = Object.entries(metafile.outputs).find(([, { entryPoint }]) =>
    entryPoint?.endsWith("page.js")
  )!;
  /** Adds a chunk and what it needs to begin. */
  const follow = (path: string, chunks: Set<string>) => {
    if (chunks.has(path)) return chunks;
    chunks.add(path);
    for (const { path: next, kind } of metafile.outputs[path]!.imports) {
      if (kind === "import-statement") follow(next, chunks);
    }
    return chunks;
  };
  const atOnce = follow(entry[0], new Set());
  const sum = (paths: Iterable<string>) => [...paths].reduce((n, path) => n + sizes.get(path)!, 0);
  const later = Object.entries(metafile.outputs).flatMap(([path, { entryPoint }]) => {
    if (!entryPoint || path === entry[0]) return [];
    const chunks = follow(path, new Set()).difference(atOnce);
    return [[basename(entryPoint), sum(chunks)] as const];
  });
  return {
    first: sum(atOnce),
    later: new Map(later),
    modules: Object.keys(metafile.inputs),
  };
}

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
    const alone = await bundled(SUPABASE);
    assertEquals([alone.later.size, alone.modules.filter((path) => /zod/.test(path))], [0, []]);
    const actual = new Map<string, number>();
    for (const [use, code] of Object.entries(USES)) {
      const page = await bundled(SUPABASE + code);
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
    await esbuild.stop();
  }
});
