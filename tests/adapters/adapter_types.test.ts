/** The adapters fit the frameworks' own types, of the oldest and the newest version that are supported. */
import { join } from "node:path";
import ts from "typescript";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals } from "@std/assert";
import { documents } from "../support/documents.ts";
import { FRAMEWORKS, installFrameworks } from "../support/frameworks.ts";

await installFrameworks();

const BEGIN = `
  import { createChatArchive, type ArchiveClient } from "chat-archive";
  declare const client: ArchiveClient;
  const archive = createChatArchive(client);`;

const ofAiSdk = (version: string) => `
  import type { UIMessage } from "${version}";
  import { chatSaver, loadChat, saveChat } from "chat-archive/ai-sdk";${BEGIN}
  type Mine = UIMessage<{ n: number }, { weather: { city: string } }, { t: { input: { q: string }; output: number } }>;
  declare const mine: Mine[];
  const loaded: UIMessage[] = await loadChat(archive, { id: "x" });
  const typed = await loadChat<Mine>(archive, { id: "x" });
  await saveChat(archive, { id: "x", messages: loaded, replaces: typed });
  await saveChat(archive, { id: "x", messages: mine });
  const saver = chatSaver(archive, { id: "x", messages: loaded });
  saver.save(mine, "incomplete");
  typed[0]?.metadata?.n.toFixed();
  // @ts-expect-error -- there is no such status
  saver.save(mine, "over");`;

const ofAssistantUi = (version: string, listAdapter: string) => `
  import type {
    AttachmentAdapter, FeedbackAdapter, ${listAdapter} as RemoteThreadListAdapter, ThreadHistoryAdapter, ThreadMessage,
  } from "${version}";
  import {
    attachmentAdapter, feedbackAdapter, threadHistoryAdapter, threadListAdapter,
  } from "chat-archive/assistant-ui";${BEGIN}
  declare const thread: { getState(): { remoteId?: string | undefined }; initialize(): Promise<{ remoteId: string; externalId: string | undefined }> };
  const list: RemoteThreadListAdapter = threadListAdapter(archive);
  const history: ThreadHistoryAdapter = threadHistoryAdapter<ThreadMessage>(archive, () => thread);
  const attachments: AttachmentAdapter = attachmentAdapter(archive, () => thread);
  const feedback: FeedbackAdapter = feedbackAdapter(archive, () => thread);
  // @ts-expect-error -- a list is no history
  const wrong: ThreadHistoryAdapter = threadListAdapter(archive);
  export { attachments, feedback, history, list, wrong };`;

/** The oldest and the newest of each major version; a name without a version is the newest of all. */
const AI_SDKS = ["ai-5.0.0", "ai-5", "ai-6.0.0", "ai-6", "ai-7.0.0", "ai"];

const SOURCES: Record<string, string> = {
  ...Object.fromEntries(AI_SDKS.map((name) => [`${name.replaceAll(".", "_")}.ts`, ofAiSdk(name)])),
  "assistant_ui_0_12.ts": ofAssistantUi("assistant-ui-0.12", "unstable_RemoteThreadListAdapter"),
  "assistant_ui.ts": ofAssistantUi("@assistant-ui/react", "RemoteThreadListAdapter"),
};

/** The recipes: those need the frameworks. */
const recipes = (await documents()).filter(({ file }) => file === "docs/adapters.md")
  .flatMap(({ blocks }) => blocks).filter(({ language }) => language === "tsx");
for (const { line, code } of recipes) SOURCES[`adapters_md_${line}.tsx`] = code;

Deno.test("adapters, recipes and the tests' pages compile against the frameworks", () => {
  assertEquals(recipes.length, 3);
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    jsx: ts.JsxEmit.ReactJSX,
    strict: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    paths: {
      "chat-archive": [join(PROJECT_ROOT, "shared/client/mod.ts")],
      "chat-archive/ai-sdk": [join(PROJECT_ROOT, "shared/client/adapters/ai_sdk.ts")],
      "chat-archive/assistant-ui": [join(PROJECT_ROOT, "shared/client/adapters/assistant_ui.ts")],
      "@supabase/supabase-js": [join(PROJECT_ROOT, "node_modules/@supabase/supabase-js")],
    },
  };
  const made = new Map(
    Object.entries(SOURCES).map(([name, text]) => [join(FRAMEWORKS, `types_${name}`), text]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => made.has(name) || fileExists(name);
  host.getSourceFile = (name, ...more) => {
    const text = made.get(name);
    return text === undefined
      ? getSourceFile(name, ...more)
      : ts.createSourceFile(name, `${text}\nexport {};`, ts.ScriptTarget.ES2023);
  };
  const pages = Array.from(Deno.readDirSync(FRAMEWORKS), ({ name }) => name)
    .filter((name) => /\.tsx?$/.test(name)).map((name) => join(FRAMEWORKS, name));
  assert(pages.length > 1);
  const program = ts.createProgram([...made.keys(), ...pages], options, host);
  const wrong = [...made.keys(), ...pages].flatMap((path) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)).map(
      ({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    )
  );
  assertEquals(wrong, []);
});

Deno.test("the frameworks' pages are formatted, and lint finds nothing", async () => {
  for (const args of [["fmt", "--check"], ["lint"]]) {
    const files = Array.from(Deno.readDirSync(FRAMEWORKS), ({ name }) => name)
      .filter((name) => /\.tsx?$/.test(name));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, ...files],
      cwd: FRAMEWORKS,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  }
});
