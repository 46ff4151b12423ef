/** `deno task demo`: the product's main job, on a real document. */
import { resolve } from "node:path";
import { EXIT, Failure } from "../stack/failure.ts";
import { defineCommand, runCommand } from "./command.ts";
import { runDemo } from "./demo_steps.ts";
import { withOwnStack } from "./own_stack.ts";
import { findStack, namesStack, STACK_HELP, STACK_OPTIONS } from "./running_stack.ts";

/** The command. */
export const command = defineCommand({
  name: "demo",
  help: `deno task demo [options]

Signs up a user, opens a PDF in a chat, keeps a conversation with page images
and search hits, prints it, searches it, exports it, and deletes it with all of
its bytes.
Where no stack is running it starts one of its own, and stops it at the end.

  --out FOLDER        where the export is written (exports/demo)
${STACK_HELP}
  --help`,
  options: { ...STACK_OPTIONS, out: { type: "string", default: "exports/demo" } },
  async run({ values, terminal }) {
    const status = await findStack(values).catch((error) => {
      const none = error instanceof Failure && error.exitCode === EXIT.unreachable;
      if (namesStack(values) || !none) throw error;
    });
    const demo = (on: Parameters<typeof runDemo>[0]) =>
      runDemo(on, resolve(values.out), terminal.print);
    if (status) return await demo(status);
    terminal.note("No stack is running: the demo starts one of its own.\n");
    await withOwnStack(demo);
  },
});

if (import.meta.main) await runCommand(command);
