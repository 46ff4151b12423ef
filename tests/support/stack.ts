/**
 * The stack that the tests run on.
 *
 * @module
 */
import postgres from "postgres";
import { keysBelow as list, operatorBucket } from "../../tools/operator_bucket.ts";
import { readStatus, type StackStatus } from "../../stack/status_file.ts";
import type { ObjectStore } from "../../supabase/functions/_shared/object_store.ts";

const file = Deno.env.get("STACK_STATUS_FILE");
if (!file) throw new Error("run the tests with `deno task test`: it starts the stack they need");

/** Addresses and keys. */
export const stack: StackStatus = await readStatus(file);

// Whatever the environment says: tests create, delete and count, so they stay on this machine.
for (const url of [stack.API_URL, stack.DB_URL, stack.STORAGE_S3_URL]) {
  const { hostname } = new URL(url);
  if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) {
    throw new Error(`the tests refuse ${hostname}: it is not this machine`);
  }
}

/** Where the functions of an embedded stack log; empty where the tests run on another one. */
export const logFile: string = Deno.env.get("STACK_LOG_FILE") ?? "";

/** Options of a test that looks into the embedded stack itself. */
export const ofEmbeddedStack: { ignore: boolean } = { ignore: !logFile };

/** The operator's view of the bucket. */
export const bucket: ObjectStore = operatorBucket(stack);

/** All keys below a prefix. */
export function keysBelow(prefix: string, store: ObjectStore = bucket): Promise<string[]> {
  return list(store, prefix);
}

/** The bytes of an object that is there. */
export async function bytesOf(
  key: string,
  store: Pick<ObjectStore, "get"> = bucket,
): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response((await store.get(key))!.body).bytes();
}

/** Runs work with a connection of the role `postgres`, as an operator has it. */
export async function asOperator<T>(work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(stack.DB_URL, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
