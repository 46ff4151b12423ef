import type { StorageCommand } from "./command.ts";
import { examineBucket } from "./examine_bucket.ts";
import { isUnexplained } from "./failures.ts";

/** The application's origin, where the settings name one. */
export function applicationOrigin(
  { ALLOWED_ORIGINS = "" }: Record<string, string | undefined>,
): string | undefined {
  const [first = ""] = ALLOWED_ORIGINS.split(",").map((origin) => origin.trim());
  return first === "" || first === "*" ? undefined : first;
}

/** Checks the connection, and how the bucket is set up. */
export const check: StorageCommand = {
  usage: "check",
  does: [
    "connects, and warns where the bucket keeps versions, is public,",
    "or lets no browser in (CORS, from the first of ALLOWED_ORIGINS);",
    "exit code 1 with a warning",
  ],
  takes: [0, 0],
  async run({ store, bucket, env, json, terminal }) {
    const started = performance.now();
    await store.check().catch(async (error) => {
      // A list that is refused too says why: the answer has a body.
      if (isUnexplained(error)) { for await (const _ of store.list("")) break; }
      throw error;
    });
    const latency_ms = Math.round(performance.now() - started);
    const { facts, warnings } = await examineBucket(bucket, store, applicationOrigin(env));
    if (json) terminal.print(JSON.stringify({ latency_ms, ...facts, warnings }));
    else {
      terminal.print(`connected in ${latency_ms} ms`);
      for (const [name, value] of Object.entries(facts)) {
        terminal.print(`${name.replaceAll("_", " ").padEnd(15)} ${value}`);
      }
    }
    for (const warning of warnings) terminal.note(`warning: ${warning}`);
    return warnings.length === 0 ? 0 : 1;
  },
};
