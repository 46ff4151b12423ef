/** A stack whose functions can be killed between two steps. */
import { join } from "node:path";
import type { Failpoint } from "../../supabase/functions/_shared/failpoint.ts";
import { type ConfiguredStack, startConfiguredStack } from "./configured_stack.ts";
import { eventually } from "./eventually.ts";

/** A stack on the shared database and bucket, with failpoints. */
export interface MortalStack extends ConfiguredStack {
  /**
   * Runs work, which calls a function, and kills the functions' process with SIGKILL as soon as it
   * stands at the failpoint. The stack then starts a new process, without failpoints.
   *
   * @param work starts the request; what becomes of it is ignored, since nobody answers it
   */
  killAt(name: Failpoint, work: () => Promise<unknown>): Promise<void>;
}

/** Starts one. */
export async function startMortalStack(): Promise<MortalStack> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-failpoints-" });
  const file = join(folder, "name");
  await Deno.writeTextFile(file, "");
  const stack = await startConfiguredStack({ FAILPOINT_FILE: file });
  return {
    ...stack,
    async killAt(name, work) {
      const before = stack.output().length;
      await Deno.writeTextFile(file, name);
      const worked = work().catch(() => {});
      try {
        const pid = await eventually(
          `a process comes to ${name}`,
          () => /\{"failpoint":"[^"]+","pid":(\d+)\}/.exec(stack.output().slice(before))?.[1],
        );
        await Deno.writeTextFile(file, "");
        Deno.kill(Number(pid), "SIGKILL");
        await worked;
      } finally {
        await Deno.writeTextFile(file, "");
      }
    },
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
