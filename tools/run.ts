/**
 * `deno run -A tools/run.ts NAME …`: what each task of deno.json runs. It installs the packages that the
 * command needs, where they are not there, and then runs the command in this process.
 *
 * It imports no package itself, also not by way of others.
 *
 * @module
 */
import { moduleOf } from "./command_modules.ts";
import { installPackages } from "./packages.ts";
import { reportFailure } from "../stack/failure.ts";

/** Commands that only start or ask a stack. All others take the packages of package.json too. */
const SMALL = ["start", "status", "demo", "storage", "quota"];

const [name = "", ...args] = Deno.args;
try {
  await installPackages(SMALL.includes(name) ? "small" : "all");
} catch (error) {
  Deno.exit(reportFailure(error));
}
const { command } = await import(moduleOf(name));
const { runCommand } = await import("./command.ts");
await runCommand(command, args);
