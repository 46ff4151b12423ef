/**
 * A page that uses the packed library, in a real browser.
 *
 * @module
 */
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const PAGE = `<!doctype html>
<title>Packed</title>
<script src="/node_modules/@supabase/supabase-js/dist/umd/supabase.js"></script>
<script type="importmap">
  { "imports": {
    "chat-archive": "/node_modules/chat-archive/shared/client/mod.js"
  } }
</script>
<script type="module" src="/use_in_browser.js"></script>`;

/** Serves the page and the package's files, as they are. @param others path → file */
export function servePage(
  folder: string,
  others: Record<string, string> = {},
): Deno.HttpServer<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  return Deno.serve(options, async (request) => {
    const { pathname } = new URL(request.url);
    const headers = (type: string) => ({ headers: { "content-type": type } });
    if (pathname === "/") return new Response(PAGE, headers("text/html"));
    const path = others[pathname] ?? join(folder, pathname);
    const bytes = await Deno.readFile(path).catch(() => undefined);
    if (!bytes) return new Response(null, { status: 404 });
    return new Response(bytes, headers(path.endsWith(".png") ? "image/png" : "text/javascript"));
  });
}

/** Starts a Chromium. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // As root there is no sandbox; the rest keeps it from calling its maker.
    args: [
      "--no-sandbox",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}
