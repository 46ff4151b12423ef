/**
 * One measurement of bench/functions.ts, in a process of its own, as each isolate of a function is one.
 *
 *   load.ts MODULE…             prints the milliseconds that importing them takes, and their CPU, as JSON
 *   load.ts --ask REQUEST INDEX   the same of a function, and how long its first answer and its second take
 *
 * REQUEST is the JSON of `[path, init]`.
 *
 * @module
 */
import process from "node:process";

const asks = Deno.args[0] === "--ask";
const modules = asks ? Deno.args.slice(2) : Deno.args;

const before = process.cpuUsage();
const started = performance.now();
const loaded: { default?: { fetch(request: Request): Promise<Response> } }[] = await Promise.all(
  modules.map((name) => import(name)),
);
const { user, system } = process.cpuUsage(before);
const times = [performance.now() - started, (user + system) / 1000];

if (asks) {
  const [url, init] = JSON.parse(Deno.args[1]!);
  for (let n = 0; n < 2; n++) {
    const begun = performance.now();
    const response = await loaded[0]!.default!.fetch(new Request(url, init));
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    times.push(performance.now() - begun);
  }
}
console.log(JSON.stringify(times));
Deno.exit(0);
