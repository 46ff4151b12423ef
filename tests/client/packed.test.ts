/** The npm package, as `deno task pack` writes it, where its users run it. */
import { dirname, join } from "node:path";
import ts from "typescript";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { chromium, node, testWith } from "../support/platforms.ts";
import { installPackage } from "../support/installed_package.ts";
import { launchChromium, servePage } from "../support/packed_page.ts";
import { Relay } from "../support/relay.ts";
import { stack } from "../support/stack.ts";

const SCRIPTS = join(PROJECT_ROOT, "tests/client/packed");
const IMAGE = join(PROJECT_ROOT, "examples/document/page-8.png");
const { API_URL: url, PUBLISHABLE_KEY: key } = stack;

const folder = await installPackage();
for (const { name } of Deno.readDirSync(SCRIPTS)) {
  await Deno.copyFile(join(SCRIPTS, name), join(folder, name));
}

const OPERATIONS = [
  "createChat",
  "addMessage",
  "uploadImages",
  "history",
  "download",
  "exportChat",
  "checkConnection",
  "deleteChat",
  "awaitDeletion",
  "getChat",
];

/** What {@link exercise} gives on every platform, progress apart. */
async function assertExercised(result: Record<string, unknown>) {
  const { size } = await Deno.stat(IMAGE);
  assertEquals(result, {
    history: [["What is this?", ["page.png"]]],
    name: "page.png",
    size,
    exported: ["Packed.md", true],
    database: "ok",
    deletion: ["done", 1],
    code: "not_found",
    operations: OPERATIONS,
  });
}

testWith(
  node,
  "Node.js 22 or newer",
  "the package works in Node",
  async (program) => {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: ["use_in_node.js", url, key, IMAGE, join(folder, "pending.jsonl")],
      cwd: folder,
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const { progress, pending, kept, ...result } = JSON.parse(new TextDecoder().decode(stdout));
    const { size } = await Deno.stat(IMAGE);
    // When it is hashed, begins and has arrived.
    assertEquals(progress, [0, 0, size]);
    assertEquals([pending, kept], [true, ["Kept on disk"]]);
    await assertExercised(result);
  },
);

testWith(
  chromium,
  "Chromium",
  "the package works in a browser",
  async (executablePath) => {
    const server = servePage(folder, { "/page.png": IMAGE });
    await using relay = new Relay(Number(new URL(url).port));
    const browser = await launchChromium(executablePath);
    try {
      const page = await browser.newPage();
      const errors: unknown[] = [];
      page.on("pageerror", (error) => errors.push(error));
      const call = <T>(name: string, ...args: unknown[]) =>
        page.evaluate<T>(`${name}(...${JSON.stringify(args)})`);
      await page.goto(`http://127.0.0.1:${server.addr.port}/`);
      await page.waitForFunction("globalThis.readBack");

      const { progress, ...result } = await call<{ progress: number[] }>("exercised", {
        url,
        key,
      });
      await assertExercised(result);
      const { size } = await Deno.stat(IMAGE);
      assert(progress.length > 2, "bytes are told while they are sent");
      assertEquals([progress[0], progress.at(-1)], [0, size]);
      assertEquals(progress, progress.toSorted((a, b) => a - b));

      // The session and the store outlive the page.
      const behindLine = { url: `http://127.0.0.1:${relay.port}`, key };
      await page.evaluate(
        `supabase.createClient(...${JSON.stringify([behindLine.url, key])}).auth.signUp({
          email: crypto.randomUUID() + "@example.com", password: crypto.randomUUID() })`,
      );
      const chat = await call<string>("beginChat", behindLine);
      assertEquals(await call("say", chat, "one"), false);
      relay.become("cut");
      assertEquals(await call("say", chat, "two"), true);
      assertEquals(await call("say", chat, "three"), true);
      await page.reload();
      await page.waitForFunction("globalThis.readBack");
      relay.become("open");
      assertEquals(await call("readBack", behindLine, chat), {
        before: 2,
        contents: ["one", "two", "three"],
      });
      assertEquals(errors, []);
    } finally {
      await browser.close();
      await server.shutdown();
    }
  },
);

Deno.test("the package's types are those of the library", async () => {
  const begin = `
    import { createClient } from "@supabase/supabase-js";
    import { type Chat, ChatArchiveError, createChatArchive, type Database } from "chat-archive";
    import { diskStore } from "chat-archive/node";
    const supabase = createClient<Database>("", "");
    const archive = createChatArchive(supabase, { offlineStore: diskStore("x") });
  `;
  const applications = {
    "right.ts": `${begin}
      const chat: Chat = await archive.createChat({ title: "x" });
      for await (const { content } of archive.messages({ chat_id: chat.id })) content.trim();
      const { data } = await supabase.from("chats").select("title").single();
      const title: string | undefined = data?.title;
      const name: Database["public"]["Tables"]["chat_images"]["Row"]["image_name"] = title ?? "";
      const { checks: { database: { status } } } = await archive.checkConnection();
      const up: "ok" | "degraded" | "down" | "disabled" = status;
      try { await archive.getChat(chat); } catch (error) {
        if (error instanceof ChatArchiveError && error.code === "not_found") error.details;
      }`,
    "role.ts": `${begin}
      const chat = await archive.addMessage({ chat_id: "x", role: "root", content: "" });`,
    "column.ts": `${begin}
      await supabase.from("chats").insert({ titel: "x" });`,
    "health.ts": `${begin}
      const up: "up" = (await archive.checkConnection()).status;`,
  };
  for (const [name, code] of Object.entries(applications)) {
    await Deno.writeTextFile(join(folder, name), code);
  }
  const program = ts.createProgram(Object.keys(applications).map((name) => join(folder, name)), {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    types: [],
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
  });
  const places = ts.getPreEmitDiagnostics(program).map(({ file }) => file?.fileName ?? "")
    .filter((path) => !/\/(@supabase|typescript)\b/.test(path))
    .map((path) => path.replace(/^.*chat-archive-packed-[^/]*\//, ""));
  assertEquals(places.toSorted(), ["column.ts", "health.ts", "role.ts"]);
});

Deno.test("what an application does not import, its bundler can leave out", async () => {
  const seen = new Set<string>();
  const follow = async (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = await Deno.readTextFile(path);
    for (const [, target] of text.matchAll(/^(?:import|export)\b[^;]*?from "(\.[^"]+)"/gm)) {
      await follow(join(dirname(path), target!));
    }
  };
  const library = join(folder, "node_modules/chat-archive/shared/client");
  await follow(join(library, "connection.js"));
  await follow(join(library, "get_chat.js"));
  assert(seen.size < 16, [...seen].join("\n"));
  assert(![...seen].some((path) => /upload|offline|markdown/.test(path)));
  const text = (await Promise.all([...seen].map((path) => Deno.readTextFile(path)))).join("\n");
  assert(!/^import (?!.*from "\.)/m.test(text), "it needs no other package");
  const manifest = JSON.parse(
    await Deno.readTextFile(join(folder, "node_modules/chat-archive/package.json")),
  );
  assertEquals([manifest.sideEffects, Object.keys(manifest.dependencies)], [
    false,
    ["@noble/hashes"],
  ]);
  for (
    const { types, default: file } of Object.values<Record<string, string>>(manifest.exports)
  ) {
    for (const path of [types!, file!]) {
      await Deno.stat(join(folder, "node_modules/chat-archive", path));
    }
  }
});
