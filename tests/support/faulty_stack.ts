/** A stack whose database and bucket, the shared stack's, are reached through relays. */
import { startStack } from "../../stack/stack.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { Relay } from "./relay.ts";
import { stack as shared } from "./stack.ts";

/** A gateway and functions of their own. */
export interface FaultyStack extends AsyncDisposable {
  status: StackStatus;
  database: Relay;
  bucket: Relay;
  /** All that its functions have logged so far. */
  output(): string;
}

/** The same address through a relay. */
function through(relay: Relay, address: string): string {
  const url = new URL(address);
  url.port = String(relay.port);
  return url.href;
}

/** @param env settings of the functions */
export async function startFaultyStack(env: Record<string, string> = {}): Promise<FaultyStack> {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(new Relay(Number(new URL(shared.DB_URL).port)));
  const bucket = parts.use(new Relay(Number(new URL(shared.API_URL).port)));
  const dataDir = await Deno.makeTempDir({ prefix: "chat-archive-faulty-" });
  parts.defer(() => Deno.remove(dataDir, { recursive: true }));
  let output = "";
  // In this process: what a test needs of its own is the functions', which are a process anyway.
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    dataDir,
    ephemeral: true,
    externalDb: true,
    externalS3: true,
    worker: false,
    env: {
      DATABASE_URL: through(database, shared.DB_URL),
      S3_ENDPOINT: through(bucket, shared.STORAGE_S3_URL),
      S3_ACCESS_KEY: shared.S3_PROTOCOL_ACCESS_KEY_ID,
      S3_SECRET_KEY: shared.S3_PROTOCOL_ACCESS_KEY_SECRET,
      S3_REGION: shared.S3_PROTOCOL_REGION,
      S3_BUCKET: shared.S3_BUCKET,
      ...env,
    },
    print: (line) => output += line + "\n",
  });
  parts.defer(() => stack.stop());
  const owned = parts.move();
  return {
    status: stack.status,
    database,
    bucket,
    output: () => output,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
