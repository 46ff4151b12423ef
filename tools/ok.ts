/** `deno task ok`: everything that has to pass before a commit. */
import { join } from "node:path";
import { Failure } from "../stack/failure.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, runCommand } from "./command.ts";

/** Has packages and settings of its own. */
const PAGE = join(PROJECT_ROOT, "examples/web");

const PACKAGES = { cwd: PROJECT_ROOT, args: ["task", "packages"] };
const STEPS = [
  ...[PROJECT_ROOT, PAGE].flatMap((cwd) =>
    [["fmt", "--check"], ["lint"], ["check"]].map((args) => ({ cwd, args }))
  ),
  PACKAGES,
  { cwd: PROJECT_ROOT, args: ["task", "test"] },
];

/** The command. */
export const command = defineCommand({
  name: "ok",
  help: `deno task ok

Checks format, lint and types, then runs all tests, and stops at what fails.
Says before the tests which packages a deployment would get in other versions
than deno.lock has.

  --help`,
  async run() {
    for (const step of STEPS) {
      const { cwd, args } = step;
      const { success } = await new Deno.Command(Deno.execPath(), { args, cwd }).spawn().status;
      // A package that somebody has released is no fault of this change; and the tests on the oldest
      // runtime resolve without the lock file, too.
      if (!success && step !== PACKAGES) {
        throw new Failure(`deno ${args.join(" ")} failed`, "See above.");
      }
    }
  },
});

if (import.meta.main) await runCommand(command);
