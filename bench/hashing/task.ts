/**
 * One measurement of bench/hashing.ts, in a process of its own, as a function has one. Imports nothing of
 * the project: it also runs on the oldest Deno, which knows neither its settings nor its lock file.
 *
 *   task.ts WAY URL BYTES           prints what it cost, as JSON
 *
 * @module
 */
import { createHash } from "node:crypto";
import process from "node:process";

/** What is done with the bytes. */
const WAYS: Record<string, (response: Response) => Promise<unknown>> = {
  /** Read and dropped: what hashing adds to. */
  async read({ body }) {
    for await (const _ of body!) { /* dropped */ }
  },
  async "createHash"({ body }) {
    const hash = createHash("sha256");
    for await (const piece of body!) hash.update(piece);
    return hash.digest("hex");
  },
  async "subtle.digest"(response) {
    return await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  },
};

/** Milliseconds of CPU that the thread with the JavaScript has used so far. Linux alone tells. */
function threadTime(): number {
  const [nanoseconds = "0"] = Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/schedstat`).split(
    " ",
  );
  return Number(nanoseconds) / 1e6;
}

/** A line of /proc/self/status, in bytes. */
function memory(name: string): number {
  const [, kB = "0"] = new RegExp(`${name}:\\s+(\\d+) kB`)
    .exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  return Number(kB) * 1024;
}

const [way = "", url = "", bytes = ""] = Deno.args;
const run = async (size: number) => void await WAYS[way]!(await fetch(`${url}/${size}`));

// Loads the code and opens the connection, as the requests before it have done for a function.
await run(300_000);
Deno.writeTextFileSync("/proc/self/clear_refs", "5");
const resident = memory("VmRSS");
const thread = threadTime();
const cpu = process.cpuUsage();
const started = performance.now();
await run(Number(bytes));
const time = performance.now() - started;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({
  cpu: (user + system) / 1000,
  thread: threadTime() - thread,
  time,
  growth: memory("VmHWM") - resident,
}));
