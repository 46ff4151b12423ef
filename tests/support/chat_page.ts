/**
 * A page with a framework's chat in a real browser, and the route that answers it.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext } from "playwright-core";
import { FRAMEWORKS } from "./frameworks.ts";
import { bundleWithFrameworks, importWithFrameworks } from "./frameworks.ts";
import { launchChromium } from "./packed_page.ts";

/** Answers a request of the page. */
type Answer = (request: Request, gate: { wait(): Promise<void> }, png: string) => Promise<Response>;

/** A tab: calls a function of the page. */
export interface Tab {
  <T>(name: string, ...args: unknown[]): Promise<T>;
}

/** A browser with one user, and others where they are asked for, and a gate that answers with "wait" in their question stand at. */
export interface ChatPages extends AsyncDisposable {
  /** @param isOther whether it is a browser of its own, in which nobody is signed in */
  open(isOther?: boolean): Promise<Tab>;
  /** Lets answers that wait go on, and those that come. */
  release(): void;
  /** What went wrong in any page. */
  errors: unknown[];
}

/** Starts it. @param page source of the page, in the frameworks' folder */
export async function openChatPages(
  executablePath: string,
  page: string,
  png: Uint8Array,
): Promise<ChatPages> {
  const source = readFileSync(join(FRAMEWORKS, page), "utf8");
  const script = await bundleWithFrameworks(source, "browser");
  const { answer } = await importWithFrameworks<{ answer: Answer }>(
    `export { answer } from "./route.ts";`,
  );
  const base64 = (png as unknown as { toBase64(): string }).toBase64();
  let gate = Promise.withResolvers<void>();
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/chat") {
      return await answer(request, { wait: () => gate.promise }, base64);
    }
    return pathname === "/page.js"
      ? new Response(script, { headers: { "content-type": "text/javascript" } })
      : new Response(`<!doctype html><body><script type="module" src="/page.js"></script>`, {
        headers: { "content-type": "text/html" },
      });
  });
  const browser = await launchChromium(executablePath);
  const own: BrowserContext = await browser.newContext();
  const errors: unknown[] = [];
  return {
    errors,
    async open(isOther = false) {
      const context = isOther ? await browser.newContext() : own;
      const tab = await context.newPage();
      tab.on("pageerror", (error) => errors.push(error));
      await tab.goto(`http://127.0.0.1:${server.addr.port}/`);
      await tab.waitForFunction("globalThis.open && globalThis.shown");
      return <T>(name: string, ...args: unknown[]) =>
        tab.evaluate<T>(`${name}(...${JSON.stringify(args)})`);
    },
    release() {
      gate.resolve();
      gate = Promise.withResolvers<void>();
    },
    async [Symbol.asyncDispose]() {
      gate.resolve();
      await browser.close();
      await server.shutdown();
    },
  };
}
