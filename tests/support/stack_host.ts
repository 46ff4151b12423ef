/**
 * The stack that one job of `deno task test` runs on, in a process of its own: its gateway and API
 * work as much as the tests do. It runs until its standard input ends, and so never outlives the job.
 *
 * Arguments: a folder that has nothing in it yet; as JSON, what runs the functions, if not what runs this.
 */
import { join } from "node:path";
import { reportFailure } from "../../stack/failure.ts";
import type { FunctionsRuntime } from "../../stack/functions.ts";
import { preparePostgres } from "../../stack/postgres_binaries.ts";
import { startStack } from "../../stack/stack.ts";
import { writeStatus } from "../../stack/status_file.ts";
import { JOB_LOG, JOB_STATUS } from "./job_stack.ts";
import { addPgtap } from "./pgtap.ts";

async function host(folder: string, functionsRuntime?: FunctionsRuntime): Promise<number> {
  await addPgtap((await preparePostgres()).bin);
  using log = await Deno.open(join(folder, JOB_LOG), { create: true, append: true });
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    dataDir: join(folder, "stack"),
    ephemeral: true,
    externalS3: false,
    externalDb: false,
    worker: false,
    functionsRuntime,
    // Nothing of the environment: a test never reaches a system that somebody exported.
    env: { LOG_LEVEL: "debug", S3_UPLOAD_EXPIRATION: "900" },
    print: (line) => log.writeSync(new TextEncoder().encode(line + "\n")),
  });
  await writeStatus(join(folder, JOB_STATUS), stack.status);
  for await (const _ of Deno.stdin.readable) { /* nothing is said */ }
  await stack.stop();
  return 0;
}

// Ctrl-C reaches the whole group of processes; this one ends after the tests that use it.
if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => {});
  const [folder, runtime] = Deno.args;
  Deno.exit(await host(folder!, runtime && JSON.parse(runtime)).catch(reportFailure));
}
