/** `deno task ok`: everything that has to pass before a commit. */
import { Failure } from "../stack/failure.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, runCommand } from "./command.ts";

const STEPS = [["fmt", "--check"], ["lint"], ["check"], ["task", "test"]];

/** The command. */
export const command = defineCommand({
  name: "ok",
  help: `deno task ok

Checks format, lint and types, then runs all tests, and stops at what fails.

  --help`,
  async run() {
    for (const args of STEPS) {
      const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: PROJECT_ROOT })
        .spawn().status;
      if (!success) throw new Failure(`deno ${args.join(" ")} failed`, "See above.");
    }
  },
});

if (import.meta.main) await runCommand(command);
