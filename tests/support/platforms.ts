/**
 * What some tests need that not every machine has. Where it is missing, they are skipped, and the
 * run says so.
 *
 * @module
 */

import { join } from "node:path";

/** The first of some programs that answers. @returns its path, or undefined */
async function found(names: (string | undefined)[], good: (version: string) => boolean) {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const programs = names.filter((name) => name)
    .flatMap((name) =>
      name!.includes("/") ? [name!] : folders.map((folder) => join(folder, name!))
    );
  for (const program of programs) {
    try {
      const { success, stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
      if (success && good(new TextDecoder().decode(stdout))) return program;
    } catch {
      // Not there.
    }
  }
}

/** A Node that supabase-js runs on: version 22 or newer. NODE_BINARY names one that is not in the PATH. */
export const node = await found(
  [Deno.env.get("NODE_BINARY"), "node"],
  (version) => Number(/^v(\d+)/.exec(version)?.[1]) >= 22,
);

/** npm, of any version. */
export const npm = await found(["npm"], () => true);

/** A Chromium. CHROMIUM_BINARY names one that is not in the PATH. */
export const chromium = await found(
  [Deno.env.get("CHROMIUM_BINARY"), "chromium", "chromium-browser", "google-chrome"],
  () => true,
);

/** A test that needs a program; without it, a line in the run's output instead. */
export function testWith(
  program: string | undefined,
  what: string,
  name: string,
  work: (program: string) => Promise<void>,
): void {
  if (program) Deno.test(name, () => work(program));
  else console.log(`skipped: ${name} (there is no ${what})`);
}
