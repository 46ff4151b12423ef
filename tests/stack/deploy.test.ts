/** `supabase functions deploy --use-api` takes every file that a function needs. */
import { dirname, join } from "node:path";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { PROJECT_ROOT, supabase } from "../../stack/supabase_cli.ts";
import { TextLineStream } from "../../stack/text_lines.ts";
import { assert, assertEquals } from "@std/assert";
import { stack } from "../support/stack.ts";
import { callEachFunction } from "../support/successes.ts";
import { request } from "../support/users.ts";

const FUNCTIONS = CONTRACTS.map(({ name }) => name).toSorted();

/** What the CLI tells of a function. */
interface Metadata {
  verify_jwt: boolean;
  entrypoint_path: string;
  import_map_path: string;
}

/** Stands in for the management API, and keeps what is uploaded in a folder for each function. */
function standIn(folder: string) {
  const deployed: Record<string, Metadata> = {};
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (req) => {
    const slug = new URL(req.url).searchParams.get("slug");
    if (!slug) {
      await req.body?.cancel();
      return Response.json([]);
    }
    for (const [name, part] of await req.formData()) {
      if (name === "metadata") {
        deployed[slug] = JSON.parse(part instanceof File ? await part.text() : part);
      }
      if (name !== "file" || !(part instanceof File)) continue;
      const path = join(folder, slug, part.name);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, await part.bytes());
    }
    const facts = { id: slug, slug, name: slug, status: "ACTIVE", version: 1, verify_jwt: false };
    return Response.json({ ...facts, created_at: 0, updated_at: 0 }, { status: 201 });
  });
  return { deployed, server };
}

/** Deploys all functions with the real CLI. @returns what it told of each */
async function deployInto(folder: string) {
  const { deployed, server } = standIn(folder);
  try {
    const url = `http://127.0.0.1:${server.addr.port}`;
    const profile = join(folder, "profile.yaml");
    const names = ["api_url", "dashboard_url", "docs_url"].map((name) => `${name}: ${url}`);
    await Deno.writeTextFile(
      profile,
      ["name: stand-in", "project_host: 127.0.0.1", ...names].join("\n"),
    );
    const { code, stderr } = await supabase(
      ["functions", "deploy", "--use-api", "--remote=abcdefghijklmnopqrst", "--yes"]
        .concat("--profile", profile),
      { SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`, HOME: folder },
    );
    assertEquals(code, 0, stderr);
    return deployed;
  } finally {
    await server.shutdown();
  }
}

/** What must never be uploaded: it is not part of any function. */
const NOT_UPLOADED = /^(tests|stack|tools|bench|examples|docs|node_modules)\//;

/** Paths of a function's uploaded files, as they are in the project. */
function uploadedOf(root: string, below = ""): string[] {
  return Array.from(Deno.readDirSync(join(root, below))).flatMap(({ name, isDirectory }) => {
    const path = join(below, name);
    return isDirectory ? uploadedOf(root, path) : [path];
  });
}

/** What the platform puts into the environment of a function, and `supabase secrets set` adds. */
async function environment(): Promise<Record<string, string>> {
  const jwks = await fetch(`${stack.API_URL}/auth/v1/.well-known/jwks.json`);
  return {
    SUPABASE_URL: stack.API_URL,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: stack.PUBLISHABLE_KEY }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: stack.SECRET_KEY }),
    SUPABASE_JWKS: await jwks.text(),
    S3_ENDPOINT: stack.STORAGE_S3_URL,
    S3_ACCESS_KEY: stack.S3_PROTOCOL_ACCESS_KEY_ID,
    S3_SECRET_KEY: stack.S3_PROTOCOL_ACCESS_KEY_SECRET,
    S3_REGION: stack.S3_PROTOCOL_REGION,
    S3_BUCKET: stack.S3_BUCKET,
    LOG_LEVEL: "error",
  };
}

/** A function that runs from its own folder, in its own process. */
interface Served extends AsyncDisposable {
  port: number;
}

async function serveFrom(root: string, name: string, importMap: string): Promise<Served> {
  // Packages come from the registry on the platform; here they are installed already.
  await Deno.symlink(join(PROJECT_ROOT, "node_modules"), join(root, "node_modules"));
  const script = `
    const { default: served } = await import("./supabase/functions/${name}/index.ts");
    const onListen = ({ port }) => console.log(port);
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, served.fetch);`;
  await Deno.writeTextFile(join(root, "run.ts"), script);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "--no-config", `--import-map=${importMap}`]
      .concat("--node-modules-dir=manual", "run.ts"),
    cwd: root,
    env: await environment(),
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const lines = child.stdout.pipeThrough(new TextLineStream()).getReader();
  const { value: port } = await lines.read();
  const stop = async () => {
    child.kill("SIGKILL");
    await child.status;
    await lines.cancel();
    await errors;
  };
  if (port) return { port: Number(port), [Symbol.asyncDispose]: stop };
  throw new Error(`${name} did not start: ${await errors}`);
}

Deno.test("each function works from what was deployed of it alone", async () => {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-deploy-" });
  await using all = new AsyncDisposableStack();
  all.defer(() => Deno.remove(folder, { recursive: true }));
  const deployed = await deployInto(folder);
  assertEquals(Object.keys(deployed).toSorted(), FUNCTIONS);

  for (const name of FUNCTIONS) {
    const files = uploadedOf(join(folder, name));
    assert(files.includes(`supabase/functions/${name}/index.ts`));
    assertEquals(files.filter((path) => NOT_UPLOADED.test(path)), [], name);
  }

  const ports = new Map<string, number>();
  for (const name of FUNCTIONS) {
    const { verify_jwt, entrypoint_path, import_map_path } = deployed[name]!;
    assertEquals(verify_jwt, false, `${name} answers 401 itself`);
    assertEquals(entrypoint_path, `supabase/functions/${name}/index.ts`);
    ports.set(name, all.use(await serveFrom(join(folder, name), name, import_map_path)).port);
  }

  // The platform's gateway: one address for all.
  const gateway = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (incoming) => {
    const { pathname, search } = new URL(incoming.url);
    const port = ports.get(pathname.slice(1));
    assert(port, pathname);
    const { method, headers, body } = incoming;
    return fetch(`http://127.0.0.1:${port}/${search}`, { method, headers, body });
  });
  all.defer(() => gateway.shutdown());
  const status = { ...stack, FUNCTIONS_URL: `http://127.0.0.1:${gateway.addr.port}` };

  const seen: string[] = [];
  for await (const [name, answer] of callEachFunction(status)) {
    assert(answer.status < 300, `${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    seen.push(name);
  }
  assertEquals(seen.toSorted(), FUNCTIONS);
  for (const { name, method, access } of CONTRACTS) {
    const body = method === "GET" ? null : "{}";
    const anonymous = await request(name, { method, body }, status);
    assertEquals(anonymous.status, access === "none" ? 200 : 401, name);
  }
});
