import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * Adds pgTAP to the extensions of the embedded server: it is plain SQL, and PGlite's package ships it.
 *
 * @param bin folder of the server's programs
 */
export async function addPgtap(bin: string): Promise<void> {
  const native = dirname(bin);
  const extensions = join(native, "share/postgresql/extension");
  try {
    await Deno.stat(join(extensions, "pgtap.control"));
    return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const require = createRequire(import.meta.url);
  const archive = join(dirname(require.resolve("@electric-sql/pglite")), "pgtap.tar.gz");
  const staging = await Deno.makeTempDir({ dir: native, prefix: "pgtap-" });
  try {
    const { success, stderr } = await new Deno.Command("tar", {
      args: ["xzf", archive, "-C", staging],
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`tar: ${new TextDecoder().decode(stderr)}`);
    const unpacked = join(staging, "share/postgresql/extension");
    // The control file last: it is what says that the extension is complete.
    const names = Array.from(Deno.readDirSync(unpacked), (entry) => entry.name);
    names.sort((a, b) => Number(a.endsWith(".control")) - Number(b.endsWith(".control")));
    for (const name of names) await Deno.rename(join(unpacked, name), join(extensions, name));
  } finally {
    await Deno.remove(staging, { recursive: true });
  }
}
