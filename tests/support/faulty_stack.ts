/** A stack whose database and bucket, the shared stack's, are reached through relays. */
import type { StackStatus } from "../../stack/status_file.ts";
import { Relay } from "./relay.ts";
import { startStackProcess } from "./stack_process.ts";
import { stack as shared } from "./stack.ts";

/** A gateway and functions of their own. */
export interface FaultyStack extends AsyncDisposable {
  status: StackStatus;
  database: Relay;
  bucket: Relay;
  /** All that it has printed so far. */
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
  const database = new Relay(Number(new URL(shared.DB_URL).port));
  const bucket = new Relay(Number(new URL(shared.API_URL).port));
  const stack = await startStackProcess({
    args: ["--external-db", "--external-s3"],
    env: {
      DATABASE_URL: through(database, shared.DB_URL),
      S3_ENDPOINT: through(bucket, shared.STORAGE_S3_URL),
      S3_ACCESS_KEY: shared.S3_PROTOCOL_ACCESS_KEY_ID,
      S3_SECRET_KEY: shared.S3_PROTOCOL_ACCESS_KEY_SECRET,
      S3_REGION: shared.S3_PROTOCOL_REGION,
      S3_BUCKET: shared.S3_BUCKET,
      ...env,
    },
  });
  return {
    status: stack.status,
    database,
    bucket,
    output: stack.output,
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await bucket[Symbol.asyncDispose]();
    },
  };
}
