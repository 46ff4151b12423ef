/** What an adapter adds to a page, as a bundler makes it. 1 kB is 1000 bytes. */
import { join } from "node:path";
import * as esbuild from "esbuild";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { installPackage } from "../support/installed_package.ts";

/** Bytes of an adapter, and of what it loads later, by issue. */
const BOUND = 5000;
const KEEPING = "of both, loaded with the first save";

const folder = await installPackage();

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).bytes()).length;
}

/** Gzipped bytes that a page loads at once, and those of `keeping.js`, which comes with the first save. */
async function bundled(contents: string): Promise<{ first: number; keeping: number }> {
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
  const sizes = new Map<string, number>();
  for (const { path, contents } of outputFiles) {
    sizes.set(path.slice(folder.length + 1), await gzipped(contents as Uint8Array<ArrayBuffer>));
  }
  const named = (end: string) =>
    Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(end))?.[0];
  const follow = (path: string, chunks: Set<string>) => {
    if (chunks.has(path)) return chunks;
    chunks.add(path);
    for (const { path: next, kind } of metafile.outputs[path]!.imports) {
      if (kind === "import-statement") follow(next, chunks);
    }
    return chunks;
  };
  const atOnce = follow(named("page.js")!, new Set());
  const keeping = named("keeping.js");
  const later = keeping ? follow(keeping, new Set()).difference(atOnce) : [];
  const sum = (paths: Iterable<string>) => [...paths].reduce((n, path) => n + sizes.get(path)!, 0);
  return { first: sum(atOnce), keeping: sum(later) };
}

Deno.test("an adapter adds less than 5 kB, and what the docs say", async () => {
  const begin = `import { createChatArchive } from "chat-archive";
    globalThis.archive = createChatArchive;`;
  try {
    const alone = await bundled(begin);
    const actual = new Map<string, number>();
    for (const name of ["chat-archive/ai-sdk", "chat-archive/assistant-ui"]) {
      const page = await bundled(`${begin} import * as adapter from "${name}";
        globalThis.adapter = { ...adapter };`);
      const added = page.first - alone.first;
      assert(added > 1000 && added < BOUND, `${name} adds ${added} bytes`);
      // What saves is both adapters' and has no bound of its own but for what the docs say.
      assert(page.keeping > 1000, `${name} loads ${page.keeping} later`);
      actual.set(`\`${name}\``, Math.ceil(added / 1000));
      actual.set(KEEPING, Math.max(actual.get(KEEPING) ?? 0, Math.ceil(page.keeping / 1000)));
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
    await esbuild.stop();
  }
});
