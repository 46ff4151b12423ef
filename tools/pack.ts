/** `deno task pack`: the client library as an npm package, ES modules and types. */
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { VERSION } from "@shared/version.ts";
import { Failure } from "../stack/failure.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, runCommand } from "./command.ts";

/** Name of the package, and what can be imported from it. */
const NAME = "chat-archive";
const ENTRIES = {
  ".": "shared/client/mod",
  "./node": "shared/client/node/disk_store",
  "./ai-sdk": "shared/client/adapters/ai_sdk",
  "./assistant-ui": "shared/client/adapters/assistant_ui",
};

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  // `deno check` has checked everything, with the types of the platforms.
  noCheck: true,
  declaration: true,
  rewriteRelativeImportExtensions: true,
  rootDir: PROJECT_ROOT,
};

interface Manifest {
  license: string;
  imports: Record<string, string>;
}

/** The oldest version of supabase-js that has what the library uses. */
const SUPABASE_JS = "^2.110.0";

/** A version range that takes newer minors. @param name of a pinned dependency */
function rangeOf({ imports }: Manifest, name: string): string {
  return `^${imports[name]!.split("@").at(-1)}`;
}

/** @param repository its address: npm compares it with where a package with provenance was built */
function packageOf(manifest: Manifest, repository: string | undefined) {
  const [main] = Object.values(ENTRIES);
  return {
    name: NAME,
    version: VERSION,
    description: "Client library of the chat archive backend",
    keywords: ["supabase", "chat", "archive", "documents"],
    license: manifest.license,
    ...(repository ? { repository: { type: "git", url: repository } } : {}),
    publishConfig: { access: "public", provenance: repository !== undefined },
    type: "module",
    sideEffects: false,
    engines: { node: ">=22.13" },
    files: ["shared"],
    main: `./${main}.js`,
    types: `./${main}.d.ts`,
    exports: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, file]) => [
        name,
        { types: `./${file}.d.ts`, default: `./${file}.js` },
      ]),
    ),
    dependencies: { "@noble/hashes": rangeOf(manifest, "@noble/hashes") },
    peerDependencies: { "@supabase/supabase-js": SUPABASE_JS },
  };
}

const WRITTEN_OUT = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias;

/** Any JSON, as zod's own type is named, and without it. */
const ZOD_JSON = /\b(?:z\.)?(?:core\.)?(?:util\.)?JSONType\b/g;
const JSON_VALUE = `import type { Json } from "../database.types.js";\n`;

/** The types that a module exports, written out. */
function writtenOut(checker: ts.TypeChecker, source: ts.SourceFile): Map<string, string> {
  const module = checker.getSymbolAtLocation(source);
  const types = module ? checker.getExportsOfModule(module) : [];
  return new Map(
    types.filter(({ flags }) => flags & ts.SymbolFlags.TypeAlias).map((symbol) => {
      const type = checker.getDeclaredTypeOfSymbol(symbol);
      const text = checker.typeToString(type, undefined, WRITTEN_OUT).replace(ZOD_JSON, "Json");
      return [symbol.name, `export type ${symbol.name} = ${text};\n`];
    }),
  );
}

/** Declarations of a contract with its types written out: to read them, nobody needs zod. */
function plainTypes(types: ReadonlyMap<string, string>): string {
  const text = [...types.values()].join("");
  return /\bJson\b/.test(text) ? JSON_VALUE + text : text;
}

/** Declarations of another module, in which what zod infers is written out. */
function withoutZod(declarations: string, types: ReadonlyMap<string, string>): string {
  return declarations
    .replace(/^export type (\w+) = z\.infer<.*>;\n/gm, (_, name) => types.get(name)!)
    .replace(/^import type .* from "(zod|\.\/contracts\/.*)";\n/gm, "");
}

/** Declarations as projects of every `lib` from ES2023 on, and of every module resolution, read them. */
function portable(declarations: string): string {
  const needs = /\b(AsyncDisposable|asyncDispose)\b/.test(declarations)
    ? `/// <reference lib="esnext.disposable" />\n`
    : "";
  // The compiler leaves the extensions as they are.
  return needs + declarations.replace(/(from "|import\(")(\.[^"]+)\.ts"/g, '$1$2.js"');
}

/** Files that the entries lead to. What only types lead to has declarations and no code. */
function reachable(files: ReadonlyMap<string, string>): Map<string, string> {
  const reached = new Map<string, string>();
  const follow = (path: string) => {
    const text = files.get(path);
    if (text === undefined || reached.has(path)) return;
    reached.set(path, text);
    for (const [, one, other] of text.matchAll(/\bfrom "(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/g)) {
      const target = join(dirname(path), (one ?? other)!);
      follow(path.endsWith(".d.ts") ? target.replace(/\.js$/, ".d.ts") : target);
    }
  };
  for (const entry of Object.values(ENTRIES)) {
    for (const end of [".js", ".d.ts"]) follow(entry + end);
  }
  return reached;
}

/**
 * Writes the package.
 *
 * @param out        folder; what is in it goes
 * @param repository its address, for packages with provenance
 * @returns its files, relative to it
 * @throws {Failure} where the compiler can't emit
 */
export async function pack(out: string, repository?: string): Promise<string[]> {
  await Deno.remove(out, { recursive: true }).catch(() => {});
  const manifest: Manifest = JSON.parse(await Deno.readTextFile(join(PROJECT_ROOT, "deno.json")));
  const emitted = new Map<string, string>();
  const program = ts.createProgram(
    Object.values(ENTRIES).map((file) => join(PROJECT_ROOT, `${file}.ts`)),
    { ...OPTIONS, outDir: out },
  );
  const { emitSkipped, diagnostics } = program.emit(undefined, (path, text) => {
    emitted.set(relative(out, path), path.endsWith(".d.ts") ? portable(text) : text);
  });
  if (emitSkipped || diagnostics.length > 0) {
    const text = ts.flattenDiagnosticMessageText(diagnostics[0]?.messageText, "\n");
    throw new Failure(`the compiler emits nothing: ${text}`, "Run `deno check` first.");
  }
  for (const source of program.getSourceFiles()) {
    const path = relative(PROJECT_ROOT, source.fileName).replace(/\.ts$/, ".d.ts");
    const declarations = emitted.get(path);
    if (!declarations?.includes('from "zod"')) continue;
    const types = writtenOut(program.getTypeChecker(), source);
    const isContract = path.startsWith("shared/contracts/");
    emitted.set(path, isContract ? plainTypes(types) : withoutZod(declarations, types));
  }
  const files = reachable(emitted);
  files.set("package.json", JSON.stringify(packageOf(manifest, repository), null, 2) + "\n");
  files.set("LICENSE", await Deno.readTextFile(join(PROJECT_ROOT, "LICENSE")));
  files.set("README.md", await Deno.readTextFile(join(PROJECT_ROOT, "shared/client/README.md")));
  for (const [path, text] of files) {
    await Deno.mkdir(join(out, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(out, path), text);
  }
  return [...files.keys()];
}

/**
 * Writes the archive that npm installs a copy of; of a folder it would make a link.
 *
 * @param folder what {@link pack} wrote
 * @param file   name of the archive
 */
export async function packArchive(folder: string, file: string): Promise<void> {
  const staging = await Deno.makeTempDir({ prefix: "chat-archive-pack-" });
  try {
    await Deno.symlink(folder, join(staging, "package"));
    const { success, stderr } = await new Deno.Command("tar", {
      args: ["-czhf", file, "-C", staging, "package"],
      stderr: "piped",
    }).output();
    if (!success) throw new Failure(`tar: ${new TextDecoder().decode(stderr)}`, "See above.");
  } finally {
    await Deno.remove(staging, { recursive: true });
  }
}

/** The command. */
export const command = defineCommand({
  name: "pack",
  help: `deno task pack [options]

Writes the client library as an npm package: ES modules, one for each file, so
that bundlers leave out what is not used, and their types. Beside the folder it
writes ${NAME}.tgz, which \`npm install FILE\` takes; \`npm publish FOLDER\`
publishes it.

  --out FOLDER      where to (dist/npm); replaced
  --repository URL  address of your repository, which a package that is published
                    with provenance must name
  --help`,
  options: {
    out: { type: "string", default: join(PROJECT_ROOT, "dist/npm") },
    repository: { type: "string" },
  },
  async run({ values, terminal }) {
    const out = resolve(values.out);
    const files = await pack(out, values.repository);
    const archive = join(dirname(out), `${NAME}.tgz`);
    await packArchive(out, archive);
    const here = (path: string) => relative(Deno.cwd(), path) || ".";
    terminal.print(`${NAME} ${VERSION}: ${files.length} files in ${here(out)}`);
    terminal.print(`Install it with: npm install ${here(archive)}`);
  },
});

if (import.meta.main) await runCommand(command);
