/** Patches of other people's packages say what they are for, and are looked at again after an update. */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { directPackages } from "../support/packages.ts";

const FOLDER = join(PROJECT_ROOT, "stack/patches");

Deno.test("each patch names its package, the installed version, the reason and the report", async () => {
  const packages = await directPackages();
  for (const { name } of Deno.readDirSync(FOLDER)) {
    const text = await Deno.readTextFile(join(FOLDER, name));
    const header = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1] ?? "";
    const [, what, version] = /^ \* Patch of (\S+) (\S+): /.exec(header) ?? [];
    assertMatch(header, /^ \* (Reported: https:\/\/|Not reported: \w)/m, name);
    if (what === "Deno") continue;
    assertEquals(packages.get(what!), version, `${name}: is the patch still needed?`);
  }
});
