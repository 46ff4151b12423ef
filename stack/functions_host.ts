/**
 * Serves the functions, in a process of their own: what they see of the environment is what the stack
 * hands them, and one that is killed takes nothing else down.
 *
 * @module
 */
import { within } from "@shared/async.ts";
import type { ErrorBody } from "@shared/errors.ts";

/** For requests under way at the end. */
const SHUTDOWN_TIMEOUT_MS = 1000;

interface EdgeFunction {
  default: { fetch(request: Request): Promise<Response> };
}

const FUNCTIONS = new URL("../supabase/functions/", import.meta.url);
const names = Array.from(Deno.readDirSync(FUNCTIONS))
  .filter((entry) => entry.isDirectory && !entry.name.startsWith("_"))
  .map((entry) => entry.name);

const loaded = new Map<string, Promise<EdgeFunction>>();

function load(name: string): Promise<EdgeFunction> {
  let module = loaded.get(name);
  if (!module) loaded.set(name, module = import(new URL(`${name}/index.ts`, FUNCTIONS).href));
  return module;
}

function unknownFunction(name: string): Response {
  const body: ErrorBody = {
    code: "not_found",
    message: `there is no function ${name}`,
    request_id: crypto.randomUUID(),
  };
  return Response.json(body, { status: 404, headers: { "access-control-allow-origin": "*" } });
}

const server = Deno.serve(
  {
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => console.log(JSON.stringify({ listening: port })),
  },
  async (request) => {
    const name = new URL(request.url).pathname.split("/")[3] ?? "";
    if (!names.includes(name)) return unknownFunction(name);
    return await (await load(name)).default.fetch(request);
  },
);

// Bad settings end the process while the stack still waits for it.
await Promise.all(names.map(load));
console.log(JSON.stringify({ ready: true }));

// The stack holds the other end; however it ends, this one ends with it.
for await (const _ of Deno.stdin.readable);
await within(SHUTDOWN_TIMEOUT_MS, () => server.shutdown()).catch(() => {});
Deno.exit(0);
