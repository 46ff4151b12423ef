/**
 * The frameworks that the adapters are for, from npm, in a folder of their own: only tests need them.
 *
 * @module
 */
import { join } from "node:path";
import * as esbuild from "esbuild";
import { assertEquals } from "@std/assert";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** The folder; its package.json names the versions. */
export const FRAMEWORKS = join(PROJECT_ROOT, "tests/adapters/frameworks");

let installed: Promise<void> | undefined;

/** Installs them where they are not. Other test processes wait: npm packages are there whole or not. */
export function installFrameworks(): Promise<void> {
  return installed ??= (async () => {
    using lock = await Deno.open(join(FRAMEWORKS, "package.json"));
    await lock.lock(true);
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["install", "--quiet", "--frozen"],
      cwd: FRAMEWORKS,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  })();
}

/** What the frameworks' pages import of this project. */
const OURS = {
  "chat-archive": join(PROJECT_ROOT, "shared/client/mod.ts"),
  "chat-archive/ai-sdk": join(PROJECT_ROOT, "shared/client/adapters/ai_sdk.ts"),
  "chat-archive/assistant-ui": join(PROJECT_ROOT, "shared/client/adapters/assistant_ui.ts"),
};

/**
 * A module in which everything that it imports is.
 *
 * @param entry code, in the frameworks' folder
 */
export async function bundleWithFrameworks(
  entry: string,
  platform: "browser" | "node",
): Promise<string> {
  await installFrameworks();
  const { outputFiles } = await esbuild.build({
    stdin: { contents: entry, resolveDir: FRAMEWORKS, loader: "tsx" },
    absWorkingDir: FRAMEWORKS,
    alias: OURS,
    nodePaths: [join(PROJECT_ROOT, "node_modules")],
    bundle: true,
    write: false,
    format: "esm",
    platform,
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    banner: platform === "node"
      ? { js: 'import { createRequire } from "node:module"; const require = createRequire("/");' }
      : {},
  });
  return outputFiles[0]!.text;
}

/** Imports code that uses the frameworks into this process. */
export async function importWithFrameworks<Module>(entry: string): Promise<Module> {
  const path = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await Deno.writeTextFile(path, await bundleWithFrameworks(entry, "node"));
    return await import(`file://${path}`);
  } finally {
    await Deno.remove(path);
  }
}
