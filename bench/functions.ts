/**
 * Each function's code, imported in a process of its own, beside the packages alone that it imports at once;
 * of presign-upload the first request too, which is what a cold function adds, beside the second. Bytes of a
 * function are those of one minified module with all that it needs, gzipped.
 */
import { builtinModules } from "node:module";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { Failure } from "../stack/failure.ts";
import type { StackStatus } from "../stack/status_file.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { moduleGraph, reachedFrom } from "../tests/support/module_graph.ts";
import { alone, compared } from "./harness/figures.ts";
import { inTurn } from "./harness/in_turn.ts";
import { createChat, signUp, withStackProcess } from "./harness/places.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";

const NAMES = CONTRACTS.map(({ name }) => name).toSorted();
const pathOf = (name: string) => `supabase/functions/${name}/index.ts`;

/** What functions see of the environment, as the platform hands it to them. */
async function environmentOf(status: StackStatus): Promise<Record<string, string>> {
  const response = await fetch(`${status.API_URL}/auth/v1/.well-known/jwks.json`);
  return {
    LOG_LEVEL: "error",
    SUPABASE_URL: status.API_URL,
    SUPABASE_DB_URL: status.DB_URL,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: status.PUBLISHABLE_KEY }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: status.SECRET_KEY }),
    SUPABASE_JWKS: await response.text(),
    S3_ENDPOINT: status.STORAGE_S3_URL,
    S3_ACCESS_KEY: status.S3_PROTOCOL_ACCESS_KEY_ID,
    S3_SECRET_KEY: status.S3_PROTOCOL_ACCESS_KEY_SECRET,
    S3_BUCKET: status.S3_BUCKET,
    S3_REGION: status.S3_PROTOCOL_REGION,
    S3_FORCE_PATH_STYLE: "true",
  };
}

/** Runs functions/load.ts. @returns milliseconds: of loading, its CPU, and of answers */
async function load(args: string[], env: Record<string, string>): Promise<number[]> {
  const script = join(import.meta.dirname!, "functions/load.ts");
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, ...args],
    cwd: PROJECT_ROOT,
    env,
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Failure(`importing ${args.at(-1)} failed`, "See above.");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The packages that each function imports before it is called. */
async function packagesOf(): Promise<Map<string, string[]>> {
  const graph = await moduleGraph(NAMES.map(pathOf), { atOnce: true });
  return new Map(NAMES.map((name) => [
    name,
    [...reachedFrom(graph, pathOf(name))].filter((one) => one.startsWith("node_modules/"))
      .map((one) => join(PROJECT_ROOT, one)),
  ]));
}

async function measureLoading(env: Record<string, string>, { quick, add, note }: Bench) {
  const packages = await packagesOf();
  const rounds = quick ? 1 : 5;
  for (const name of NAMES) {
    // In the child: its start is not what is measured.
    const loads: Record<"ours" | "reference", number[][]> = { ours: [], reference: [] };
    const way = (side: keyof typeof loads, modules: string[]) => ({
      run: async () => void loads[side].push(await load(modules, env)),
    });
    await inTurn({
      ours: way("ours", [join(PROJECT_ROOT, pathOf(name))]),
      reference: way("reference", packages.get(name)!),
    }, { rounds });
    // The first ones warmed up.
    const measured = (side: keyof typeof loads, what: number) =>
      loads[side].slice(-rounds).map((one) => one[what]!);
    // CPU, which other work on the machine changes the least.
    add(compared(
      `loading ${name}, to its packages alone, CPU`,
      measured("ours", 1),
      measured("reference", 1),
      { bound: 1.2 },
    ));
    if (name === "presign-upload") {
      add(alone(`loading ${name}, time`, measured("ours", 0), { bound: 60 }));
    }
    note(name);
  }
}

async function measureFirst(
  status: StackStatus,
  env: Record<string, string>,
  { quick, add }: Bench,
): Promise<void> {
  const user = await signUp(status);
  const chat_id = await createChat(user);
  const file = { name: "a.png", content_type: "image/png", size: 1000, sha256: "0".repeat(64) };
  const request = JSON.stringify([`${status.FUNCTIONS_URL}/presign-upload`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.token}`, "content-type": "application/json" },
    body: JSON.stringify({ chat_id, files: [file] }),
  }]);
  const first: number[] = [];
  const second: number[] = [];
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    const [, , cold, warm] = await load(
      ["--ask", request, join(PROJECT_ROOT, pathOf("presign-upload"))],
      env,
    );
    first.push(cold!);
    second.push(warm!);
  }
  add(compared("first request of a cold presign-upload, to its second", first, second));
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).bytes()).length;
}

/** Bytes of each function as one module, the SDK of AWS and all that is loaded later included. */
async function measureBytes({ add }: Bench): Promise<void> {
  try {
    for (const name of NAMES) {
      const { outputFiles } = await esbuild.build({
        entryPoints: [join(PROJECT_ROOT, pathOf(name))],
        alias: { "@shared": join(PROJECT_ROOT, "shared") },
        bundle: true,
        minify: true,
        write: false,
        format: "esm",
        platform: "node",
        external: [...builtinModules],
        logLevel: "error",
      });
      const size = await gzipped(outputFiles![0]!.contents as Uint8Array<ArrayBuffer>);
      add(alone(`bytes of ${name}, gzipped`, [size / 1000], { unit: "kB", bound: 1000 }));
    }
  } finally {
    await esbuild.stop();
  }
}

/** What loading a function costs. */
export const question = defineQuestion({
  title: "what loading a function costs, beside its packages alone, and its bytes",
  answer: (bench) =>
    withStackProcess(async (status) => {
      const env = await environmentOf(status);
      await measureLoading(env, bench);
      await measureFirst(status, env, bench);
      await measureBytes(bench);
    }),
});
