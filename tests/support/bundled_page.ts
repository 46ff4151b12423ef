/**
 * What a bundler makes of a page that uses the packed library.
 *
 * @module
 */
import { basename } from "node:path";
import * as esbuild from "esbuild";

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).bytes()).length;
}

/** What a page loads. */
export interface BundledPage {
  /** Gzipped bytes that are loaded at once. */
  first: number;
  /** Gzipped bytes of what is loaded when it is needed, by its first module. */
  later: Map<string, number>;
  /** Modules of all chunks. */
  modules: string[];
}

/**
 * Bundles a page that consists of a module.
 *
 * @param folder where its packages are installed
 */
export async function bundledPage(folder: string, contents: string): Promise<BundledPage> {
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
