/**
 * Bundles the page into a folder that any web server can serve.
 *
 * Usage: deno run -A --config examples/web/deno.json examples/web/bundle.ts OUT
 */
import * as esbuild from "esbuild";
import { fileURLToPath } from "node:url";

const [out] = Deno.args;
if (!out) throw new Error("say where to: bundle.ts OUT");

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const PDFJS = path("node_modules/pdfjs-dist");
/** What pdf.js loads when a document needs it: encodings, fonts, decoders. */
const PDFJS_FILES = ["cmaps", "standard_fonts", "wasm", "iccs"];

async function copyFolder(from: string, to: string) {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

await Deno.mkdir(`${out}/assets`, { recursive: true });
await esbuild.build({
  entryPoints: [path("src/main.tsx"), path("src/style.css")],
  outdir: `${out}/assets`,
  bundle: true,
  splitting: true,
  minify: true,
  sourcemap: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
  alias: {
    "chat-archive/ai-sdk": path("../../shared/client/adapters/ai_sdk.ts"),
    "chat-archive": path("../../shared/client/mod.ts"),
  },
  logLevel: "warning",
});
await esbuild.stop();
for (const folder of PDFJS_FILES) {
  await copyFolder(`${PDFJS}/${folder}`, `${out}/assets/${folder}`);
}
await Deno.copyFile(
  `${PDFJS}/build/pdf.worker.min.mjs`,
  `${out}/assets/pdf.worker.js`,
);
await Deno.copyFile(
  path("../document/bzip2-manual.pdf"),
  `${out}/assets/sample.pdf`,
);
await Deno.copyFile(path("index.html"), `${out}/index.html`);
