/** `deno task test --external`: what is asked of a running stack. */
import { join } from "node:path";
import { Failure } from "../../stack/failure.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { runningStack } from "../support/running_stack.ts";

/** As `supabase status -o json` prints it, shortened. */
const TOLD = {
  API_URL: "http://127.0.0.1:54321",
  DB_URL: "postgresql://postgres:postgres@127.0.0.1:54322/postgres",
  PUBLISHABLE_KEY: "sb_publishable_x",
  SECRET_KEY: "sb_secret_x",
  S3_PROTOCOL_ACCESS_KEY_ID: "a",
  S3_PROTOCOL_ACCESS_KEY_SECRET: "b",
  S3_PROTOCOL_REGION: "local",
};

async function read(content: string) {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, content);
    return await runningStack(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("what the CLI does not tell is filled in", async () => {
  const { FUNCTIONS_URL, STORAGE_S3_URL, S3_BUCKET } = await read(JSON.stringify(TOLD));
  assertEquals({ FUNCTIONS_URL, STORAGE_S3_URL, S3_BUCKET }, {
    FUNCTIONS_URL: "http://127.0.0.1:54321/functions/v1",
    STORAGE_S3_URL: "http://127.0.0.1:54321/storage/v1/s3",
    S3_BUCKET: "chat-archive",
  });
});

Deno.test("a status that can't be used says why", async () => {
  const { SECRET_KEY: _, ...rest } = TOLD;
  await assertRejects(() => read(JSON.stringify(rest)), Failure, "lacks SECRET_KEY");
  await assertRejects(() => read("supabase is not running"), Failure, "can't be read");
  await assertRejects(() => runningStack(join("no", "such", "file")), Failure, "can't be read");
});
