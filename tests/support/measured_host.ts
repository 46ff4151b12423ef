/** The functions' process, which also prints what it takes (tests/support/function_memory.ts). */

/** Milliseconds between two looks, and between two lines. */
const LOOK_MS = 2;
const LINE_MS = 100;

let [total, external] = [0, 0];
const look = () => {
  const now = Deno.memoryUsage();
  total = Math.max(total, now.heapUsed + now.external);
  external = Math.max(external, now.external);
};
const tell = () => {
  look();
  console.log(JSON.stringify({ memory: { total, external } }));
  [total, external] = [0, 0];
};
setInterval(look, LOOK_MS);
setInterval(tell, LINE_MS);

/** With --expose-gc. */
const { gc } = globalThis as unknown as { gc(): void };
const serve = Deno.serve as (options: object, handler: (request: Request) => unknown) => unknown;
Object.assign(Deno, {
  serve: (options: object, handler: (request: Request) => unknown) =>
    serve(options, (request) => {
      if (!request.url.endsWith("/collect")) return handler(request);
      tell();
      gc();
      const { heapUsed, external } = Deno.memoryUsage();
      return Response.json(heapUsed + external);
    }),
});

await import("../../stack/functions_host.ts");
