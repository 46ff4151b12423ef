/**
 * What it costs to read an object from the bucket and hash it, over TLS, on the oldest runtime.
 *
 * SHA-256 over bodies of 0.3 to 100 MiB, by node:crypto's createHash, piece by piece as they come or into
 * a buffer of one's own (BYOB), and by Web Crypto's digest over the whole; against reading alone. Each in
 * a process of its own, the server in another one, over loopback, with TLS on Deno 2.1.4, and without on
 * this one. CPU is that
 * of all threads, and that of the thread with the JavaScript alone. The fastest of three
 * rounds: other work on the machine only makes it slower. Needs Linux, `openssl`, and `npx` for the oldest
 * Deno. Exit code 1 where the largest file that may be uploaded takes more than half of a request's CPU.
 */
import { join } from "node:path";
import { Failure, reportFailure } from "../stack/failure.ts";
import { readSettings } from "../supabase/functions/_shared/settings.ts";

const ROUNDS = 3;
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
  thread: number;
  time: number;
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

/** The fastest of all rounds; of memory the most. */
async function measure(
  { path }: Runtime,
  way: string,
  url: string,
  size: number,
  certificate?: string,
): Promise<Cost> {
  let best: Cost | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const trust = certificate ? [`--cert=${certificate}`] : [];
    const task = join(import.meta.dirname!, "hashing/task.ts");
    const options = ["-A", "--no-check", "--no-config", "--no-lock", ...trust];
    const text = await output([path, "run", ...options, task, way, url, String(size)]);
    const cost: Cost = JSON.parse(text);
    best = !best ? cost : {
      cpu: Math.min(best.cpu, cost.cpu),
      thread: Math.min(best.thread, cost.thread),
      time: Math.min(best.time, cost.time),
      growth: Math.max(best.growth, cost.growth),
    };
  }
  return best!;
}

const HEAD = ["runtime", "way", "size", "CPU", "a MiB", "of the thread", "time", "memory growth"];

/**
 * Prints a row for each way and size.
 *
 * @returns milliseconds of CPU of the chosen way, by size
 */
async function table(runtime: Runtime, { url }: Server, certificate?: string): Promise<number[]> {
  const chosen: number[] = [];
  for (const way of WAYS) {
    for (const size of SIZES) {
      const cost = await measure(runtime, way, url, size, certificate);
      const mib = size / MIB;
      if (way === CHOSEN) chosen.push(cost.cpu);
      const cells = [
        `${runtime.name}${certificate ? ", TLS" : ""}`,
        way,
        `${mib.toFixed(1)} MiB`,
        `${cost.cpu.toFixed(0)} ms`,
        `${(cost.cpu / mib).toFixed(2)} ms`,
        `${cost.thread.toFixed(0)} ms`,
        `${cost.time.toFixed(0)} ms`,
        `${(cost.growth / MIB).toFixed(0)} MiB`,
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
  return chosen;
}

/** Bytes that fit into some CPU, on the line through the two largest sizes. */
function fitting(cpu: number[], limit: number): number {
  const [[fewer, sooner], [more, later]] = SIZES.map((size, index) => [size, cpu[index]!] as const)
    .slice(-2) as [readonly [number, number], readonly [number, number]];
  return more + (limit - later) * (more - fewer) / (later - sooner);
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-bench-" });
  try {
    const certificate = await makeCertificate(folder);
    await using tls = await startServer(certificate);
    await using plain = await startServer();
    console.log(`| ${HEAD.join(" | ")} |\n|${" --- |".repeat(HEAD.length)}`);
    const current = { name: Deno.version.deno, path: Deno.execPath() };
    const cpu = await table(await oldest(), tls, certificate.certificate);
    await table(current, plain);
    const { maxFileSize } = readSettings({ USE_S3_STORAGE: "false" });
    const fits = fitting(cpu, GOAL_MS);
    console.log(
      `\n${Math.floor(fits / MIB)} MiB fit into ${GOAL_MS} ms (${OLDEST}, TLS, ${CHOSEN}).`,
    );
    if (fits >= maxFileSize) return 0;
    throw new Failure(`a file of ${maxFileSize / MIB} MiB takes too much CPU`, "See the table.");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main().catch(reportFailure));
