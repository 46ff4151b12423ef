/**
 * Whatever a message of the AI SDK holds comes back: generated from the types of the installed
 * versions, so that a part that a new version adds is tried, and noticed.
 */
import { join } from "node:path";
import fc from "fast-check";
import * as esbuild from "esbuild";
import ts from "typescript";
import { loadChat, saveChat, type UIMessage } from "@shared/client/adapters/ai_sdk.ts";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { FRAMEWORKS, importWithFrameworks, installFrameworks } from "../support/frameworks.ts";
import { memoryArchive } from "../support/memory_archive.ts";
import { anyJson, valuesOf } from "../support/type_values.ts";

await installFrameworks();

const SOURCE = (version: string) => `
  import type { UIMessagePart } from "${version}";
  type Tools = Record<string, { input: unknown; output: unknown }>;
  export type Part = UIMessagePart<Record<string, unknown>, Tools>;`;

/** Parts of a version, by what their `type` says. */
function partsOf(version: string): { names: string[]; values: fc.Arbitrary<unknown> } {
  const path = join(FRAMEWORKS, `parts-of-${version}.ts`);
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2023,
    types: [],
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, ...more) =>
    name === path
      ? ts.createSourceFile(name, SOURCE(version), ts.ScriptTarget.ES2023)
      : getSourceFile(name, ...more);
  const program = ts.createProgram([path], options, host);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path)!;
  assertEquals(program.getSemanticDiagnostics(source).map(({ messageText }) => messageText), []);
  const module = checker.getSymbolAtLocation(source)!;
  const part = checker.getDeclaredTypeOfSymbol(checker.getExportsOfModule(module)[0]!);
  assert(part.isUnion());
  const names = part.types.map((one) =>
    checker.typeToString(checker.getTypeOfSymbol(one.getProperty("type")!))
  );
  return { names: [...new Set(names)].toSorted(), values: valuesOf(checker, part) };
}

const VERSIONS = { "ai-5": partsOf("ai-5"), "ai-6": partsOf("ai-6"), ai: partsOf("ai") };
const OF_ALL = [
  '"dynamic-tool"',
  '"file"',
  '"reasoning"',
  '"source-document"',
  '"source-url"',
  '"step-start"',
  '"text"',
  "`data-${string}`",
  "`tool-${string}`",
];

Deno.test("the parts that the installed versions have are those that were looked at", () => {
  // A new one may hold files, text that people read, or a state: see ui_message.ts and message_rows.ts.
  assertEquals(VERSIONS["ai-5"].names, OF_ALL);
  assertEquals(VERSIONS["ai-6"].names, OF_ALL);
  const added = ['"custom"', '"reasoning-file"', '"steering-message"'];
  assertEquals(VERSIONS.ai.names, [...OF_ALL, ...added].toSorted());
});

const metadata = fc.oneof(
  anyJson,
  fc.dictionary(fc.oneof(fc.string(), fc.constant("chat-archive")), anyJson),
);
const messagesOf = (part: fc.Arbitrary<unknown>) =>
  fc.uniqueArray(
    fc.record({
      id: fc.oneof(fc.uuid(), fc.string({ minLength: 1, unit: "binary", maxLength: 300 })),
      role: fc.constantFrom("user", "assistant"),
      metadata,
      parts: fc.array(part, { maxLength: 5 }),
    }, { requiredKeys: ["id", "role", "parts"] }),
    { maxLength: 4, selector: ({ id }) => id },
  ) as unknown as fc.Arbitrary<UIMessage[]>;

/**
 * As JSON has it: neither fields that are undefined nor minus zero. Not by JSON.parse: that of V8 15.0
 * takes the name "\\ud83d" for a backslash once in some thousand messages.
 */
function asJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== "object" || value === null) return value === 0 ? 0 : value;
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, asJson(item)]),
  );
}

for (const [version, { values }] of Object.entries(VERSIONS)) {
  Deno.test(`messages of ${version} of every kind come back equal`, async () => {
    await fc.assert(
      fc.asyncProperty(messagesOf(values), async (messages) => {
        const archive = memoryArchive();
        const id = "a chat";
        await saveChat(archive, { id, messages });
        const loaded = await loadChat(archive, { id });
        assertEquals(loaded, asJson(messages) as UIMessage[]);
        // And once more, as they were loaded.
        await saveChat(archive, { id, messages: loaded, replaces: messages });
        assertEquals(await loadChat(archive, { id }), loaded);
      }),
      { numRuns: 300 },
    );
  });
}

Deno.test("a generated message is one that the SDK takes", async () => {
  type Result = { success: boolean; error?: Error };
  type Validate = (of: { messages: unknown }) => Promise<Result>;
  try {
    const validate = await importWithFrameworks<Record<string, Validate>>(`
      export { safeValidateUIMessages as ai } from "ai";
      export { safeValidateUIMessages as ai6 } from "ai-6";`);
    for (const [name, version] of [["ai", "ai"], ["ai6", "ai-6"]] as const) {
      const samples = fc.sample(VERSIONS[version].values, { numRuns: 300, seed: 1 });
      const refused: unknown[] = [];
      for (const part of samples) {
        const message = { id: "1", role: "assistant", parts: [part] };
        const { success, error } = await validate[name]!({ messages: [message] });
        if (!success) refused.push(error?.message.split("Error message").at(-1));
      }
      assertEquals(refused, [], name);
    }
    const wrong = { id: "1", role: "assistant", parts: [{ type: "text" }] };
    assertNotEquals((await validate.ai!({ messages: [wrong] })).success, true);
  } finally {
    await esbuild.stop();
  }
});
