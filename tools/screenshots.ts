/** `deno task screenshots`: takes the pictures of the page that the README shows. */
import { join } from "node:path";
import { Failure } from "../stack/failure.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, runCommand } from "./command.ts";

/** The command. */
export const command = defineCommand({
  name: "screenshots",
  help: `deno task screenshots

Walks through the page in Chromium, as its tests do, and takes the README's
pictures again, into docs/images.

  --help`,
  async run() {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", join(PROJECT_ROOT, "tests/run.ts"), "tests/page/walk.embedded.test.ts"],
      cwd: PROJECT_ROOT,
      env: { SCREENSHOTS: "docs/images" },
    }).spawn().status;
    if (!success) throw new Failure("the walk through the page failed", "See above.");
  },
});

if (import.meta.main) await runCommand(command);
