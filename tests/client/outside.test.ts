/** The packed library in strict projects outside of this one, with a supabase-js of their own. */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import ts from "typescript";
import { assert, assertEquals } from "@std/assert";
import { png } from "../support/files.ts";
import { makeOutsideApp, output } from "../support/outside_app.ts";
import { launchChromium } from "../support/packed_page.ts";
import { chromium, node, npm, testWith } from "../support/platforms.ts";
import { stack } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const folder = await Deno.makeTempDir({ prefix: "chat-archive-outside-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await makeOutsideApp(folder);

const STRICT: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  target: ts.ScriptTarget.ES2023,
  skipLibCheck: false,
};

/** Compiles a file of the application. @returns what is wrong; what lies in other packages is theirs */
function compile(file: string, options: ts.CompilerOptions): string[] {
  const program = ts.createProgram([join(folder, file)], { ...STRICT, ...options });
  const wrong = ts.getPreEmitDiagnostics(program)
    .filter(({ file }) => !file || !/node_modules\/(?!chat-archive\/)/.test(file.fileName))
    .map(({ file, messageText }) =>
      `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`
    );
  if (options.outDir) program.emit();
  return wrong;
}

Deno.test("the React application of docs/react.md type-checks", () => {
  const wrong = compile("src/main.tsx", {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    jsx: ts.JsxEmit.ReactJSX,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: [],
  });
  assertEquals(wrong, []);
});

/** A program for Node: clients of two copies of supabase-js, with and without a schema. */
const PROGRAM = `
import { createClient } from "@supabase/supabase-js";
import { createClient as createNewer } from "newer-supabase-js";
import { ChatArchiveError, createChatArchive, type Database, type Chat } from "chat-archive";
import { diskStore } from "chat-archive/node";

const [url = "", key = "", token = ""] = process.argv.slice(2);
const accessToken = () => Promise.resolve(token);
const archives = [
  createChatArchive(createClient(url, key, { accessToken })),
  createChatArchive(createClient<Database>(url, key, { accessToken })),
  createChatArchive(createNewer(url, key, { accessToken })),
  createChatArchive(createNewer<Database>(url, key, { accessToken })),
];
console.assert(typeof diskStore === "function");
const titles: string[] = [];
for (const archive of archives) {
  const chat: Chat = await archive.createChat({ title: "From outside" });
  await archive.addMessage({ chat_id: chat.id, role: "user", content: "Hello" });
  for await (const { content } of archive.history({ chat_id: chat.id })) titles.push(content);
  await archive.deleteChat({ id: chat.id });
  await archive.getChat({ id: chat.id }).catch((error: unknown) => {
    if (!(error instanceof ChatArchiveError) || error.code !== "not_found") throw error;
  });
}
console.log(JSON.stringify(titles));
`;

Deno.test("a strict NodeNext project type-checks with any copy of supabase-js", async () => {
  await Deno.writeTextFile(join(folder, "program.ts"), PROGRAM);
  const wrong = compile("program.ts", {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
    types: ["node"],
    typeRoots: [join(folder, "node_modules/@types")],
    outDir: join(folder, "out"),
  });
  assertEquals(wrong, []);
  await Deno.writeTextFile(
    join(folder, "wrong.ts"),
    `import { createChatArchive } from "chat-archive"; createChatArchive({ from: 1 });`,
  );
  const options = { module: ts.ModuleKind.NodeNext, noEmit: true, types: [] };
  assertEquals(compile("wrong.ts", options).length, 1, "what is no client is noticed");
});

testWith(node, "Node.js 22 or newer", "and runs", async (program) => {
  const { token } = await signUp();
  const args = [join(folder, "out/program.js"), stack.API_URL, stack.PUBLISHABLE_KEY, token];
  assertEquals(JSON.parse(await output(program, args, folder)), Array(4).fill("Hello"));
});

testWith(npm, "npm", "npm publishes what is packed, and nothing else", async (program) => {
  const [packed] = JSON.parse(
    await output(program, ["pack", "--dry-run", "--json"], join(folder, "dist/npm")),
  );
  const paths = packed.files.map(({ path }: { path: string }) => path);
  const archived = (await output("tar", ["-tzf", join(folder, "dist/chat-archive.tgz")], folder))
    .split("\n").filter((line) => line && !line.endsWith("/"))
    .map((line) => line.replace("package/", ""));
  assertEquals(paths.toSorted(), archived.toSorted());
  for (const name of ["LICENSE", "README.md", "package.json"]) assert(paths.includes(name));
  const others = paths.filter((path: string) => !/^shared\/.*(\.js|\.d\.ts)$/.test(path));
  assertEquals(others.length, 3, others.join(" "));
});

/** Serves the built application. */
function serve(root: string): Deno.HttpServer<Deno.NetAddr> {
  const types: Record<string, string> = { html: "text/html", js: "text/javascript" };
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = new URL(request.url).pathname.replace(/\/$/, "/index.html");
    const body = await Deno.readFile(join(root, path)).catch(() => null);
    const type = types[path.split(".").at(-1)!] ?? "text/plain";
    return new Response(body, { status: body ? 200 : 404, headers: { "content-type": type } });
  });
}

testWith(chromium, "Chromium", "the React application is built and works", async (browser) => {
  const vite = await Deno.realPath(join(folder, "node_modules/vite"));
  await output(
    Deno.execPath(),
    ["run", "-A", "--no-config", "--node-modules-dir=manual", join(vite, "bin/vite.js"), "build"]
      .concat("--outDir", "built"),
    folder,
  );
  const server = serve(join(folder, "built"));
  const chrome = await launchChromium(browser);
  try {
    const page = await chrome.newPage();
    page.setDefaultTimeout(60_000);
    const errors: unknown[] = [];
    page.on("pageerror", (error) => errors.push(error));
    // The first list of chats, as it is before a chat is made, comes after it.
    const made = page.waitForResponse((response) =>
      response.request().method() === "POST" &&
      response.url().includes("/rest/v1/chats")
    );
    let isHeld = false;
    await page.route("**/rest/v1/chats?*", async (route) => {
      if (isHeld || route.request().method() !== "GET") return await route.fallback();
      isHeld = true;
      const response = await route.fetch();
      await made;
      await route.fulfill({ response }).catch(() => {}); // The page no longer waits for it.
    });
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    await page.getByRole("button", { name: "Sign in as the demo user" }).click();
    await page.getByRole("button", { name: "New chat" }).click();
    const text = `Hello ${crypto.randomUUID()}`;
    await page.getByLabel("Message").fill(text);
    await page.getByLabel("Image").setInputFiles({
      name: "page.png",
      mimeType: "image/png",
      buffer: Buffer.from(png(8, 8)),
    });
    // What is refused is told, and what was typed stays.
    const refusal = { status: 400, json: { code: "22023", message: "not today" } };
    await page.route("**/rest/v1/chat_messages*", (route) => route.fulfill(refusal), { times: 1 });
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("alert").waitFor();
    assertEquals(await page.getByLabel("Message").inputValue(), text);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("article").getByText(text).waitFor();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.waitForFunction("document.querySelector('article img')?.naturalWidth === 8");
    await page.getByRole("listitem").filter({ hasText: "A new chat" })
      .getByRole("button", { name: "Delete" }).first().click();
    await page.getByRole("listitem").filter({ hasText: "A new chat" }).first()
      .waitFor({ state: "detached" });
    await page.getByRole("article").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in as the demo user" }).waitFor();
    assertEquals(errors, []);
  } finally {
    await chrome.close();
    await server.shutdown();
  }
});
