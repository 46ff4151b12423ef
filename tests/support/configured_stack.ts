/** A stack with settings of its own, on the shared stack's database and bucket. */
import type { FunctionsRuntime } from "../../stack/functions.ts";
import { startStack } from "../../stack/stack.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { stack as shared } from "./stack.ts";

/** A gateway and functions of their own. */
export interface ConfiguredStack extends AsyncDisposable {
  status: StackStatus;
  /** All that its functions have logged so far. */
  output(): string;
}

/** What points a stack to the shared stack's database and bucket. */
export const SHARED_PARTS: Record<string, string> = {
  DATABASE_URL: shared.DB_URL,
  S3_ENDPOINT: shared.STORAGE_S3_URL,
  S3_ACCESS_KEY: shared.S3_PROTOCOL_ACCESS_KEY_ID,
  S3_SECRET_KEY: shared.S3_PROTOCOL_ACCESS_KEY_SECRET,
  S3_REGION: shared.S3_PROTOCOL_REGION,
  S3_BUCKET: shared.S3_BUCKET,
};

/**
 * Its gateway runs in this process, which is cheap; its functions are a process of their own.
 *
 * @param env              settings of the functions
 * @param functionsRuntime what runs them; by default what runs the tests
 */
export async function startConfiguredStack(
  env: Record<string, string>,
  functionsRuntime?: FunctionsRuntime,
): Promise<ConfiguredStack> {
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-configured-" });
  let output = "";
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    dataDir,
    ephemeral: true,
    externalDb: true,
    externalS3: true,
    worker: false,
    functionsRuntime,
    env: { ...SHARED_PARTS, ...env },
    print: (line) => output += line + "\n",
  });
  return {
    status: stack.status,
    output: () => output,
    async [Symbol.asyncDispose]() {
      await stack.stop();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}
