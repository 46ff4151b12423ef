/**
 * One measurement of bench/hashing.ts, in a process of its own, as a function has one. Imports nothing of
 * the project: it also runs on the oldest Deno, which knows neither its settings nor its lock file.
 *
 *   task.ts WAY URL BYTES           prints what it cost, as JSON
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Of a BYOB reader. */
const BUFFER_BYTES = 256 * 1024;

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
  /** Into one buffer again and again: fewer and larger pieces, and less for the garbage collector. */
  async "createHash, BYOB"({ body }) {
    const hash = createHash("sha256");
    const reader = body!.getReader({ mode: "byob" });
    let buffer = new Uint8Array(BUFFER_BYTES);
    while (true) {
      const { done, value } = await reader.read(buffer);
      if (done) return hash.digest("hex");
      hash.update(value);
      buffer = new Uint8Array(value.buffer);
    }
  },
  async "subtle.digest"(response) {
    return await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  },
};

/** Milliseconds of CPU that a thread has used so far (proc(5), schedstat). */
function threadTime(id: number | string): number {
  const [nanoseconds = "0"] = Deno.readTextFileSync(`/proc/self/task/${id}/schedstat`).split(" ");
  return Number(nanoseconds) / 1e6;
}

/** The same of all threads. `process.cpuUsage` is always 0 on the oldest Deno. */
function cpuTime(): number {
  return Array.from(Deno.readDirSync("/proc/self/task"), ({ name }) => threadTime(name))
    .reduce((sum, time) => sum + time, 0);
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
const thread = threadTime(Deno.pid);
const cpu = cpuTime();
const started = performance.now();
await run(Number(bytes));
const time = performance.now() - started;
console.log(JSON.stringify({
  cpu: cpuTime() - cpu,
  thread: threadTime(Deno.pid) - thread,
  time,
  growth: memory("VmHWM") - resident,
}));
