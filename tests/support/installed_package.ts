/** The npm package as an application has it. */
import { join } from "node:path";
import { pack } from "../../tools/pack.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";

/** A folder in which the package and its only peer are installed. It goes with the tests of a file. */
export async function installPackage(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-packed-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await pack(join(folder, "node_modules/chat-archive"));
  await Deno.mkdir(join(folder, "node_modules/@supabase"));
  await Deno.symlink(
    await Deno.realPath(join(PROJECT_ROOT, "node_modules/@supabase/supabase-js")),
    join(folder, "node_modules/@supabase/supabase-js"),
  );
  await Deno.writeTextFile(join(folder, "package.json"), '{ "type": "module" }');
  return folder;
}
