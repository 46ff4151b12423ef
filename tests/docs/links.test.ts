/** Every link within the project leads somewhere. */
import { dirname, join, normalize } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { anchorOf, type Document, documents, parseDocument } from "../support/documents.ts";

/** Links of a document that lead nowhere. */
async function deadLinks(document: Document, all: Document[]): Promise<string[]> {
  const dead: string[] = [];
  for (const { target, line } of document.links) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path, fragment] = decodeURI(target).split("#") as [string, string?];
    const file = path ? normalize(join(dirname(document.file), path)) : document.file;
    const exists = await Deno.stat(join(PROJECT_ROOT, file)).then(() => true, () => false);
    const other = file === document.file ? document : all.find((one) => one.file === file);
    if (!exists || (fragment !== undefined && !other?.anchors.has(fragment))) {
      dead.push(`${document.file}:${line} → ${target}`);
    }
  }
  return dead;
}

const all = await documents();

Deno.test("every relative link and anchor resolves", async () => {
  const dead = await Promise.all(all.map((document) => deadLinks(document, all)));
  assertEquals(dead.flat(), []);
});

Deno.test("a link that leads nowhere is found", async () => {
  const text =
    "# One\n\n[a](#one) [b](#two) [c](LICENSE) [d](no-such-file.md) [e](https://x.org/y)\n";
  const dead = await deadLinks(parseDocument("README.md", text), all);
  assertEquals(dead, ["README.md:3 → #two", "README.md:3 → no-such-file.md"]);
});

Deno.test("anchors are made as GitHub makes them", () => {
  assertEquals(anchorOf("What row level security costs"), "what-row-level-security-costs");
  assertEquals(anchorOf("`deno task db`: both ways"), "deno-task-db-both-ways");
  assertEquals(anchorOf("Что это"), "что-это");
});

Deno.test("the README leads to every document in docs/", () => {
  const readme = all.find(({ file }) => file === "README.md")!;
  const linked = new Set(readme.links.map(({ target }) => target.split("#")[0]));
  const missing = all.map(({ file }) => file)
    .filter((file) => file.startsWith("docs/") && !linked.has(file));
  assertEquals(missing, []);
});

Deno.test("every task that a document or the workflow names exists", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(PROJECT_ROOT, "deno.json")));
  const workflow = await Deno.readTextFile(join(PROJECT_ROOT, ".github/workflows/ci.yml"));
  for (const { file, text } of [...all, { file: "ci.yml", text: workflow }]) {
    for (const [, name] of text.matchAll(/deno(?:@2)? task ([a-z]+)/g)) {
      assert(name! in tasks, `${file}: deno task ${name}`);
    }
  }
});
