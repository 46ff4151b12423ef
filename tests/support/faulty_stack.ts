/** A stack whose database and bucket, the shared stack's, are reached through relays. */
import type { StackStatus } from "../../stack/status_file.ts";
import { SHARED_PARTS } from "./configured_stack.ts";
import { Relay } from "./relay.ts";
import { startStackProcess } from "./stack_process.ts";
import { stack as shared } from "./stack.ts";

/** A gateway and functions of their own. */
export interface FaultyStack extends AsyncDisposable {
  status: StackStatus;
  database: Relay;
  bucket: Relay;
}

/** The same address through a relay. */
function through(relay: Relay, address: string): string {
  const url = new URL(address);
  url.port = String(relay.port);
  return url.href;
}

/**
 * A process of its own: how its database driver ends when connections break is caught there, and
 * would not be in a test.
 */
export async function startFaultyStack(): Promise<FaultyStack> {
  const database = new Relay(Number(new URL(shared.DB_URL).port));
  const bucket = new Relay(Number(new URL(shared.API_URL).port));
  const stack = await startStackProcess({
    args: ["--external-db", "--external-s3"],
    env: {
      ...SHARED_PARTS,
      DATABASE_URL: through(database, shared.DB_URL),
      S3_ENDPOINT: through(bucket, shared.STORAGE_S3_URL),
    },
  });
  return {
    status: stack.status,
    database,
    bucket,
    async [Symbol.asyncDispose]() {
      await stack[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await bucket[Symbol.asyncDispose]();
    },
  };
}
