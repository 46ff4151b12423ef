import { Failure } from "../stack/failure.ts";
import { startStack } from "../stack/stack.ts";
import type { StackStatus } from "../stack/status_file.ts";
import { askedToStop } from "./interruption.ts";

/**
 * Starts a stack for one piece of work, on free ports, and leaves nothing of it behind.
 *
 * @param work is given where the stack is
 * @returns what the work returns
 * @throws {Failure} where the stack does not start, or where this process is asked to stop meanwhile
 */
export async function withOwnStack<T>(work: (status: StackStatus) => Promise<T>): Promise<T> {
  const over = new AbortController();
  const asked = askedToStop(over.signal);
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-" });
  try {
    const stack = await startStack({
      port: 0,
      dbPort: 0,
      dataDir,
      ephemeral: true,
      externalS3: false,
      externalDb: false,
      // Nothing of the environment: what is exported there may be somebody's real system.
      env: {},
      worker: false,
      print: () => {},
    });
    try {
      return await Promise.race([
        work(stack.status),
        asked.then((reason) => {
          throw new Failure(`interrupted by ${reason}`, "Run it again.");
        }),
        stack.failed.then((failure) => {
          throw failure;
        }),
      ]);
    } finally {
      await stack.stop();
    }
  } finally {
    over.abort();
    await Deno.remove(dataDir, { recursive: true });
  }
}
