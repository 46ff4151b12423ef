/** The examples of docs/client.md and of doc comments compile and run, for a user with a chat. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import * as context from "../support/doc_context.ts";
import { moduleOf, readExamples } from "../support/doc_examples.ts";

const examples = await readExamples(["docs/client.md", "shared"]);
const folder = await Deno.makeTempDir({ prefix: "chat-archive-examples-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const contextUrl = new URL("../support/doc_context.ts", import.meta.url).href;
const modules = examples.map((example, index) => ({
  ...example,
  path: join(folder, `${index}.ts`),
}));
for (const example of modules) {
  await Deno.writeTextFile(example.path, moduleOf(example, contextUrl, Object.keys(context)));
}

Deno.test("the examples compile", async () => {
  assert(examples.length > 12);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "check",
      "--quiet",
      `--config=${join(PROJECT_ROOT, "deno.json")}`,
      ...modules.map(({ path }) => path),
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const message = modules.reduce(
    (text, { path, place }) => text.replaceAll(pathToFileURL(path).href, place),
    new TextDecoder().decode(stderr),
  );
  assertEquals(code, 0, message);
});

for (const { place, path, attributes } of modules) {
  // Nothing but IndexedDB is missing: the browser's test uses that.
  if (attributes === "no-run") continue;
  Deno.test(`the example at ${place} runs`, async () => {
    const { default: run } = await import(pathToFileURL(path).href);
    const [{ log, assert: complain }, cwd] = [{ ...console }, Deno.cwd()];
    console.log = () => {};
    console.assert = (holds) => assert(holds);
    Deno.chdir(folder);
    try {
      await run();
    } finally {
      Object.assign(console, { log, assert: complain });
      Deno.chdir(cwd);
    }
  });
}
