/** The compiler reads *.types.ts: the suite runs without types, so this asks for them. */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";

const FOLDER = join(PROJECT_ROOT, "tests/types");

async function check(files: string[]) {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", ...files],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  return { success, message: new TextDecoder().decode(stderr) };
}

Deno.test("what the compiler must accept and refuse, it does", async () => {
  const files = Array.from(Deno.readDirSync(FOLDER), ({ name }) => join(FOLDER, name))
    .filter((path) => path.endsWith(".types.ts"));
  assert(files.length > 1);
  const { success, message } = await check(files);
  assert(success, message);
});

Deno.test("a line that should be refused and is not is noticed", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(
      file,
      "// @ts-expect-error -- nothing is wrong\nexport const n = 1;\n",
    );
    const { success, message } = await check([file]);
    assertEquals(success, false);
    assertMatch(message, /TS2578/);
  } finally {
    await Deno.remove(file);
  }
});
