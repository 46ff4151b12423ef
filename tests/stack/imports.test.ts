/** The stand-in of the platform knows nothing of the commands that use it. */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert } from "@std/assert";

Deno.test("stack/ imports nothing of tools/ or tests/", async () => {
  for (const folder of ["stack", "stack/patches"]) {
    for (const { name, isFile } of Deno.readDirSync(join(PROJECT_ROOT, folder))) {
      if (!isFile || !name.endsWith(".ts")) continue;
      const text = await Deno.readTextFile(join(PROJECT_ROOT, folder, name));
      assert(!/from "[^"]*\/(tools|tests)\//.test(text), `${folder}/${name}`);
    }
  }
});
