/**
 * The page of examples/web on `/`. It is bundled when it is first asked for, by a process with the
 * example's own dependencies, so that a start costs nothing for it; the bundle is kept.
 *
 * @module
 */
import { extname, join } from "node:path";
import { within } from "@shared/async.ts";
import { PROJECT_ROOT } from "./supabase_cli.ts";

/** Serves the page. */
export interface Page {
  /** The page or a file of it; undefined where the path is none of the page's. */
  fetch(request: Request): Promise<Response | undefined>;
  /** Ends a bundling that goes on. */
  stop(): Promise<void>;
}

const EXAMPLE = join(PROJECT_ROOT, "examples/web");
/** What a bundle is made of. */
const SOURCES = [EXAMPLE, join(PROJECT_ROOT, "shared")];
/** Milliseconds after which whoever waits for the bundle is told what goes on. */
const PATIENCE_MS = 2000;

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".map": "application/json",
  ".pdf": "application/pdf",
  ".wasm": "application/wasm",
};

/** No script, style or address but those of the page and the stack. */
export function securityHeaders(apiUrl: string): Record<string, string> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      // pdf.js decodes some images with WebAssembly.
      "script-src 'self' 'wasm-unsafe-eval'",
      "worker-src 'self'",
      "style-src 'self'",
      `img-src 'self' blob: data: ${apiUrl}`,
      `connect-src 'self' ${apiUrl}`,
      "font-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}

/** The newest change below folders, in milliseconds. */
async function newestChange(folders: string[]): Promise<number> {
  let newest = 0;
  for (const folder of folders) {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (name === "node_modules") continue;
      const path = join(folder, name);
      const time = isDirectory
        ? await newestChange([path])
        : (await Deno.stat(path)).mtime?.getTime() ?? 0;
      newest = Math.max(newest, time);
    }
  }
  return newest;
}

/** A plain page that says what goes on, and asks again by itself. */
function notice(status: number, text: string): Response {
  const escaped = text.replace(/[&<]/g, (c) => c === "&" ? "&amp;" : "&lt;");
  const body = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Chat archive</title>
<h1>Chat archive</h1><pre>${escaped}</pre>`;
  const headers = {
    "content-type": TYPES[".html"]!,
    "cache-control": "no-store",
  };
  return new Response(body, {
    status,
    headers: status === 503 ? { ...headers, refresh: "1" } : headers,
  });
}

/** @param folder where the bundle is kept @param apiUrl of the stack */
export function createPage(folder: string, apiUrl: string): Page {
  const headers = securityHeaders(apiUrl);
  const stampFile = join(folder, "sources.txt");
  let bundling: Promise<void> | undefined;
  let child: Deno.ChildProcess | undefined;

  async function bundle(): Promise<void> {
    const stamp = `${EXAMPLE} ${await newestChange(SOURCES)}`;
    if (await Deno.readTextFile(stampFile).catch(() => "") === stamp) return;
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--config", join(EXAMPLE, "deno.json")],
        ...[join(EXAMPLE, "bundle.ts"), folder],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const { success, stderr } = await child.output();
    child = undefined;
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    await Deno.writeTextFile(stampFile, stamp);
  }

  /** One bundling at a time; each looks anew whether the sources have changed. */
  const bundled = () => bundling ??= bundle().finally(() => bundling = undefined);

  async function file(path: string): Promise<Response | undefined> {
    const bytes = await Deno.readFile(join(folder, path)).catch(() => undefined);
    if (!bytes) return undefined;
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    return new Response(bytes, {
      headers: {
        ...headers,
        "content-type": type,
        "cache-control": "no-cache",
      },
    });
  }

  async function index(): Promise<Response> {
    try {
      await within(PATIENCE_MS, () => bundled());
    } catch (error) {
      if (bundling) {
        bundling.catch(() => {});
        return notice(
          503,
          "The page is being bundled. The first time, its packages are installed.",
        );
      }
      return notice(
        500,
        `The page can't be bundled; the API is not affected.\n\n${error}`,
      );
    }
    return await file("index.html") ??
      notice(500, "The bundle has no index.html.");
  }

  return {
    async fetch({ url, method }) {
      const { pathname } = new URL(url);
      if (method !== "GET") return undefined;
      if (pathname === "/") return await index();
      // One folder below assets/ at most; a URL's path holds no `..` any more.
      if (!/^\/assets\/([\w-]+\/)?[\w.-]+$/.test(pathname)) return undefined;
      await bundling?.catch(() => {});
      return await file(pathname);
    },
    async stop() {
      child?.kill("SIGTERM");
      await bundling?.catch(() => {});
    },
  };
}
