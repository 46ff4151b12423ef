/**
 * Each shell block of the documents that needs no account runs as it stands, on the stack of the tests:
 * addresses of the local stack are replaced by its own, and commands that look for a running stack are
 * shown it.
 */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { type Block, documents, onStack } from "../support/documents.ts";
import { stack } from "../support/stack.ts";

const blocks = (await documents()).flatMap((document) => document.blocks)
  .filter(({ language, marks }) => ["sh", "bash", "shell"].includes(language) && !marks.length);

/** Tasks that are not repeated here: the suite itself, the stack that it runs on, what writes files. */
const NOT_REPEATED = ["start", "test", "ok", "bench", "types", "openapi"];
/** Tasks that are told which stack is meant. */
const SHOWN = ["demo", "quota", "status", "storage"];

/** Stands in front of deno and npx in the PATH. */
function stub(statusFile: string, folder: string): string {
  return `#!/bin/sh
if [ "$(basename "$0")" = npx ]; then
  [ "$1" = -y ] && shift
  [ "$1" = deno@2 ] || { echo "npx of $1 is not expected" >&2; exit 1; }
  shift
fi
deno='${Deno.execPath()}'
[ "$1" = task ] || exec "$deno" "$@"
task=$2
"$deno" task 2>&1 | grep -q "$task" || { echo "there is no task $task" >&2; exit 1; }
case " ${NOT_REPEATED.join(" ")} " in *" $task "*) exit 0;; esac
shift 2
# What it writes goes with the folder.
[ "$task" = demo ] && set -- "$@" --out '${folder}'
case " ${SHOWN.join(" ")} " in
  *" $task "*) exec "$deno" run -A "tools/$task.ts" "$@" --status-file '${statusFile}';;
esac
[ "$task" = db ] && exec "$deno" run -A tools/db.ts "$@" --remote '${stack.DB_URL}'
exec "$deno" task "$task" "$@"
`;
}

async function run({ code, language = "sh" }: Pick<Block, "code"> & { language?: string }) {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-shell-" });
  try {
    for (const name of ["deno", "npx"]) {
      await Deno.writeTextFile(
        join(folder, name),
        stub(Deno.env.get("STACK_STATUS_FILE")!, folder),
        { mode: 0o755 },
      );
    }
    const { code: exit, stdout, stderr } = await new Deno.Command(
      language === "bash" ? "bash" : "sh",
      {
        args: ["-eu", "-c", onStack(code, stack)],
        cwd: PROJECT_ROOT,
        env: { PATH: `${folder}:${Deno.env.get("PATH")}`, NO_COLOR: "1" },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      },
    ).output();
    const text = new TextDecoder();
    return { exit, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const block of blocks) {
  Deno.test(`${block.file}:${block.line} runs`, async () => {
    const { exit, stdout, stderr } = await run(block);
    assertEquals(exit, 0, `${block.code}\n${stdout}${stderr}`);
  });
}

Deno.test("a command that fails is noticed", async () => {
  assert((await run({ code: "deno task no-such-task" })).exit !== 0);
  assert((await run({ code: "deno task status --no-such-option" })).exit !== 0);
  assert((await run({ code: "false\ntrue" })).exit !== 0);
});

Deno.test("the guide's script says so where no stack answers", async () => {
  const script = blocks.find(({ file, language }) =>
    file === "docs/integration.md" && language === "bash"
  )!;
  const code = script.code.replace("127.0.0.1:54321", "127.0.0.1:9");
  const { exit, stderr } = await run({ code, language: "bash" });
  assertEquals([exit, stderr], [
    1,
    "No stack answers at http://127.0.0.1:9: npx -y deno@2 task start\n",
  ]);
});

Deno.test("nothing that names a placeholder counts as runnable", () => {
  const placeholder = blocks.filter(({ code }) => /<[a-z-]+>|…/.test(code));
  assertEquals(placeholder.map(({ file, line }) => `${file}:${line}`), []);
});
