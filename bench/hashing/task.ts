/**
 * One measurement of bench/hashing.ts, in a process of its own, as a function has one. It also runs on
 * the oldest Deno, which knows neither the project's settings nor its lock file: by relative imports only.
 *
 *   task.ts WAY URL BYTES           prints what it cost, as JSON
 *
 * @module
 */
import { createHash } from "node:crypto";
import { memoryOf } from "../harness/memory.ts";
import { reusedPieces } from "../../supabase/functions/_shared/reused_pieces.ts";

async function hashed(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** What is done with the bytes. */
const WAYS: Record<string, (response: Response) => Promise<unknown>> = {
  /** Read and dropped: what hashing adds to. */
  async read({ body }) {
    for await (const _ of body!) { /* dropped */ }
  },
  createHash: ({ body }) => hashed(body!),
  /** As confirm-upload does it: into one buffer again and again. */
  "createHash, BYOB": ({ body }) => hashed(reusedPieces(body!)),
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

const [way = "", url = "", bytes = ""] = Deno.args;
const run = async (size: number) => void await WAYS[way]!(await fetch(`${url}/${size}`));

// Loads the code and opens the connection, as the requests before it have done for a function.
await run(300_000);
Deno.writeTextFileSync("/proc/self/clear_refs", "5");
const resident = memoryOf("self", "VmRSS");
const thread = threadTime(Deno.pid);
const cpu = cpuTime();
const started = performance.now();
await run(Number(bytes));
const time = performance.now() - started;
console.log(JSON.stringify({
  cpu: cpuTime() - cpu,
  thread: threadTime(Deno.pid) - thread,
  time,
  growth: memoryOf("self", "VmHWM") - resident,
}));
