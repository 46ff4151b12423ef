/**
 * An application outside of this project, as a newcomer makes it: the packed library from its archive,
 * a supabase-js of another version, and the files that docs/react.md gives.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { assertEquals } from "@std/assert";
import { pack, packArchive } from "../../tools/pack.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { documents, onStack } from "./documents.ts";
import { stack } from "./stack.ts";

/** What the application installs from npm; its package.json names the versions. */
const OUTSIDE = join(PROJECT_ROOT, "tests/client/outside");

/** Runs a program to its end. @returns what it printed @throws where it fails */
export async function output(program: string, args: string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  assertEquals(code, 0, text.decode(stderr) + text.decode(stdout));
  return text.decode(stdout);
}

/** Links the packages of a folder into another one, each by itself. */
async function linkPackages(from: string, to: string, only?: string): Promise<void> {
  for await (const { name } of Deno.readDir(from)) {
    if (name.startsWith(".") || (only && name !== only)) continue;
    if (name.startsWith("@")) await linkPackages(join(from, name), join(to, name));
    else {
      await Deno.mkdir(to, { recursive: true });
      await Deno.symlink(await Deno.realPath(join(from, name)), join(to, name));
    }
  }
}

/** What Vite's template for React and TypeScript has beside the files of docs/react.md, shortened. */
const TEMPLATE: Record<string, string> = {
  "package.json": `{ "type": "module" }`,
  "index.html": `<!doctype html><meta charset="utf-8"><div id="root"></div>
    <script type="module" src="/src/main.tsx"></script>`,
  "vite.config.ts": `import { defineConfig } from "vite";
    import react from "@vitejs/plugin-react";
    export default defineConfig({ plugins: [react()] });`,
  "src/main.tsx": `import { StrictMode } from "react";
    import { createRoot } from "react-dom/client";
    import App from "./App.tsx";
    createRoot(document.getElementById("root")!).render(<StrictMode><App /></StrictMode>);`,
};

/** Makes the application in an empty folder. Addresses are those of the tests' stack. */
export async function makeOutsideApp(folder: string): Promise<void> {
  using lock = await Deno.open(join(OUTSIDE, "package.json"));
  await lock.lock(true);
  await output(Deno.execPath(), ["install", "--quiet", "--frozen"], OUTSIDE);

  const modules = join(folder, "node_modules");
  const library = join(modules, "chat-archive");
  await linkPackages(join(OUTSIDE, "node_modules"), modules);
  await linkPackages(join(PROJECT_ROOT, "node_modules"), modules, "@noble");
  await Deno.symlink(
    await Deno.realPath(join(PROJECT_ROOT, "node_modules/@supabase/supabase-js")),
    join(modules, "newer-supabase-js"),
  );
  await pack(join(folder, "dist/npm"));
  const archive = join(folder, "dist/chat-archive.tgz");
  await packArchive(join(folder, "dist/npm"), archive);
  await Deno.mkdir(library);
  await output("tar", ["-xzf", archive, "-C", library, "--strip-components=1"], folder);

  const recipe = (await documents()).find(({ file }) => file === "docs/react.md")!;
  const files = recipe.blocks.filter(({ language }) => language === "tsx")
    .map(({ code }) => [/^\/\/ (\S+)\n/.exec(code)![1]!, onStack(code, stack)] as const);
  for (const [path, text] of [...Object.entries(TEMPLATE), ...files]) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  }
}
