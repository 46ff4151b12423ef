/**
 * Each TypeScript block of the documents compiles, against the project's own modules; those of the
 * integration guide run too. A block without an import goes on where the one before it ended.
 */
import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Block, documents, onStack } from "../support/documents.ts";
import { stack } from "../support/stack.ts";

/** The blocks of one document, joined where they go on. */
function programs(blocks: Block[]): Block[] {
  const joined: Block[] = [];
  for (const block of blocks) {
    const before = joined.at(-1);
    if (/^import\b/m.test(block.code) || !before) joined.push({ ...block });
    else before.code += block.code;
  }
  return joined;
}

interface Source {
  name: string;
  code: string;
}

/** Runs `deno` on files of these sources, in a folder of their own. */
async function deno(args: string[], sources: Source[]) {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-docs-" });
  try {
    const files = await Promise.all(sources.map(async ({ name, code }) => {
      const path = join(folder, name);
      // Each is a module of its own, also one that imports nothing.
      await Deno.writeTextFile(path, `${code}\nexport {};\n`);
      return path;
    }));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, "--quiet", "--config", join(PROJECT_ROOT, "deno.json"), ...files],
      cwd: PROJECT_ROOT,
      env: { NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).output();
    return { ok: code === 0, message: new TextDecoder().decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// docs/client.md takes a signed-in user for granted: tests/client/doc_examples.test.ts.
const selfContained = (await documents()).filter(({ file }) => file !== "docs/client.md");
const sources = selfContained.flatMap(({ file, blocks }) =>
  programs(blocks.filter(({ language }) => ["ts", "typescript"].includes(language)))
    .map(({ line, code }) => ({
      file,
      line,
      name: `${file.replaceAll(/[^A-Za-z0-9]/g, "_")}_line_${line}.ts`,
      code,
    }))
);

Deno.test("every TypeScript block compiles", async () => {
  assert(sources.length > 0);
  const { ok, message } = await deno(["check"], sources);
  assert(ok, message);
});

for (const source of sources.filter(({ file }) => file === "docs/integration.md")) {
  Deno.test(`${source.file}:${source.line} runs`, async () => {
    const here = { ...source, code: onStack(source.code, stack) };
    const { ok, message } = await deno(["run", "-A", "--no-lock"], [here]);
    assert(ok, message);
  });
}

Deno.test("a block that does not compile is noticed", async () => {
  const { ok, message } = await deno(["check"], [{
    name: "wrong.ts",
    code: 'const n: number = "text";',
  }]);
  assertEquals(ok, false);
  assertMatch(message, /TS2322/);
});
