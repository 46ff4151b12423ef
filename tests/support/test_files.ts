/**
 * The files of the suite, and how they are shared out among jobs.
 *
 * @module
 */
import { join } from "node:path";
import { chunked } from "@shared/async.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** Files of one process: enough to make its start cheap, few enough to share the work evenly. */
const FILES_PER_BATCH = 8;

/** The test files at paths of the project, each a file or a folder, in order. */
export async function testFiles(paths: string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(async (path) => {
    const { isFile } = await Deno.stat(join(PROJECT_ROOT, path));
    if (isFile) return [path];
    const names = await Array.fromAsync(Deno.readDir(join(PROJECT_ROOT, path)));
    return await testFiles(
      names.filter(({ name, isDirectory }) =>
        isDirectory ? name !== "node_modules" : name.endsWith(".test.ts")
      )
        .map(({ name }) => join(path, name)).toSorted(),
    );
  }));
  return found.flat();
}

/** Whether a file starts parts of an embedded stack, and so says nothing about another one. */
export function needsEmbeddedStack(path: string): boolean {
  return path.endsWith(".embedded.test.ts");
}

/** What one process after the other runs. Files that start parts take longest, and come first. */
export function batchesOf(files: string[], jobs: number): string[][] {
  if (jobs === 1) return [files];
  const slow = files.filter(needsEmbeddedStack);
  const others = files.filter((file) => !needsEmbeddedStack(file));
  return [...slow.map((file) => [file]), ...chunked(others, FILES_PER_BATCH)];
}
