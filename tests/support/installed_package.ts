/** The npm package as an application has it. */
import { dirname, join } from "node:path";
import { pack } from "../../tools/pack.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** A folder in which the package and what it needs are installed. It goes with the tests of a file. */
export async function installPackage(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-packed-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await pack(join(folder, "node_modules/chat-archive"));
  for (const name of ["@supabase/supabase-js", "@noble/hashes"]) {
    const path = join("node_modules", name);
    await Deno.mkdir(dirname(join(folder, path)));
    await Deno.symlink(await Deno.realPath(join(PROJECT_ROOT, path)), join(folder, path));
  }
  await Deno.writeTextFile(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}
