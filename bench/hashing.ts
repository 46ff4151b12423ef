/**
 * SHA-256 over bodies of 0.3 to 100 MiB, by node:crypto's createHash, piece by piece as they come or into
 * a buffer of one's own (BYOB), and by Web Crypto's digest over the whole; against reading alone. Each in
 * a process of its own, the server in another one, over loopback, with TLS on Deno 2.1.4, and without on
 * this one. CPU is that of all threads. Needs Linux, `openssl`, and `npx` for the oldest Deno.
 */
import { join } from "node:path";
import { Failure } from "../stack/failure.ts";
import { readSettings } from "../supabase/functions/_shared/settings.ts";
import { alone } from "./harness/figures.ts";
import { type Bench, defineQuestion } from "./harness/question.ts";

const MIB = 1024 * 1024;
const SIZES = [0.3, 5, 20, 50, 100].map((size) => Math.round(size * MIB));
const WAYS = ["read", "createHash", "createHash, BYOB", "subtle.digest"] as const;
/** What confirm-upload does. */
const CHOSEN: typeof WAYS[number] = "createHash, BYOB";
/** Half of what a request may use (2 s on the platform), in milliseconds. */
const GOAL_MS = 1000;

/** The oldest runtime that the platform may give to functions. */
const OLDEST = "2.1.4";

/** What was measured: milliseconds, and bytes of memory. */
interface Cost {
  cpu: number;
  growth: number;
}

interface Runtime {
  name: string;
  /** Its program. */
  path: string;
}

/** Downloads the oldest runtime, where npx has not done so before. */
async function oldest(): Promise<Runtime> {
  const script = ["eval", "--no-config", "--no-lock", "console.log(Deno.execPath())"];
  const path = await output(["npx", "-y", `deno@${OLDEST}`, ...script]);
  return { name: OLDEST, path: path.trim() };
}

async function output(command: string[], env: Record<string, string> = {}): Promise<string> {
  const [program = "", ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env }).output()
    .catch((cause) => {
      throw new Failure(`there is no ${program}`, "The benchmark needs it.", { cause });
    });
  const text = new TextDecoder();
  if (!success) throw new Failure(`${program} failed`, text.decode(stderr).slice(-500));
  return text.decode(stdout);
}

/** A server, and how it is reached. */
interface Server extends AsyncDisposable {
  url: string;
}

async function startServer(tls?: { certificate: string; key: string }): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      join(import.meta.dirname!, "hashing/server.ts"),
      ...(tls ? [tls.certificate, tls.key] : []),
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const port = new TextDecoder().decode((await reader.read()).value).trim();
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

/** A certificate for this machine that nobody else trusts. */
async function makeCertificate(folder: string) {
  const certificate = join(folder, "certificate.pem");
  const key = join(folder, "key.pem");
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const files = ["-keyout", key, "-out", certificate, "-days", "1"];
  await output(["openssl", "req", ...kind, ...files, ...subject, ...leaf]);
  return { certificate, key };
}

async function measure(
  { path }: Runtime,
  way: string,
  url: string,
  size: number,
  rounds: number,
  certificate?: string,
): Promise<Cost[]> {
  const costs: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    const trust = certificate ? [`--cert=${certificate}`] : [];
    const task = join(import.meta.dirname!, "hashing/task.ts");
    const options = ["-A", "--no-check", "--no-config", "--no-lock", ...trust];
    const text = await output([path, "run", ...options, task, way, url, String(size)]);
    costs.push(JSON.parse(text));
  }
  return costs;
}

/** Adds a row for each way and size: CPU, and memory of the largest. */
async function measureAll(
  runtime: Runtime,
  { url }: Server,
  { quick, add, note }: Bench,
  certificate?: string,
): Promise<void> {
  for (const way of WAYS) {
    for (const size of quick ? SIZES.slice(0, 2) : SIZES) {
      const costs = await measure(runtime, way, url, size, quick ? 1 : 3, certificate);
      const what = `Deno ${runtime.name}${certificate ? ", TLS" : ""}: ${way}, ` +
        `${(size / MIB).toFixed(size < MIB ? 1 : 0)} MiB`;
      const isLimit = certificate && way === CHOSEN && size === readSettings({
            USE_S3_STORAGE: "false",
          }).maxFileSize;
      add(alone(`${what}, CPU`, costs.map(({ cpu }) => cpu), isLimit ? { bound: GOAL_MS } : {}));
      if (size !== SIZES.at(-1)) continue;
      const growth = costs.map((cost) => cost.growth / MIB);
      add(alone(`${what}, memory growth`, growth, { unit: "MiB" }));
    }
    note(way);
  }
}

/** What hashing an upload costs. */
export const question = defineQuestion({
  title: "what it costs to read an object from the bucket and hash it, on the oldest runtime",
  async answer(bench) {
    const folder = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
    try {
      const certificate = await makeCertificate(folder);
      await using tls = await startServer(certificate);
      await using plain = await startServer();
      await measureAll(await oldest(), tls, bench, certificate.certificate);
      await measureAll({ name: Deno.version.deno, path: Deno.execPath() }, plain, bench);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
