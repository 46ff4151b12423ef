/** `deno task storage`: what an operator does with the bucket. */
import { openBucket } from "../supabase/functions/_shared/s3_object_store.ts";
import { defineCommand, runCommand } from "./command.ts";
import { STACK_HELP, STACK_OPTIONS } from "./running_stack.ts";
import { acceptRestore } from "./storage/accept_restore.ts";
import { check } from "./storage/check.ts";
import type { StorageCommand } from "./storage/command.ts";
import { exists } from "./storage/exists.ts";
import { explain } from "./storage/failures.ts";
import { get } from "./storage/get.ts";
import { ls } from "./storage/ls.ts";
import { put } from "./storage/put.ts";
import { reconcile } from "./storage/reconcile.ts";
import { requeue } from "./storage/requeue.ts";
import { rm } from "./storage/rm.ts";
import { rmPrefix } from "./storage/rm_prefix.ts";
import { stat } from "./storage/stat.ts";
import { chooseTarget } from "./storage/target.ts";
import { url } from "./storage/url.ts";

/** The verbs, in the order of the help. */
const VERBS: Record<string, StorageCommand> = {
  check,
  ls,
  stat,
  exists,
  put,
  get,
  rm,
  "rm-prefix": rmPrefix,
  url,
  reconcile,
  requeue,
  "accept-restore": acceptRestore,
};

const HELP = `deno task storage COMMAND [options]

${
  Object.values(VERBS).map(({ usage, does }) =>
    [`  ${usage}`, ...does.map((line) => `      ${line}`)].join("\n")
  ).join("\n")
}

  --json              JSON on standard output; notes go to standard error
  --yes               do not ask
${STACK_HELP}
  --help

The bucket is the one of S3_* (see .env.example); where these are not set, or a
stack is named, that of the running stack. The commands work on bytes only: no
row changes, so a row whose object is deleted or replaced keeps naming it. rm
and rm-prefix ask the stack, or the API of SUPABASE_URL and
SUPABASE_SERVICE_KEY, which keys are in use; put never asks. reconcile, requeue
and accept-restore work through that API, on the bucket that its functions have.

Exit code 1 also where there is no such object, not all was done, or with a
warning; 3 also where the bucket is missing or refuses.`;

/** The command. */
export const command = defineCommand({
  name: "storage",
  help: HELP,
  options: {
    ...STACK_OPTIONS,
    json: { type: "boolean", default: false },
    yes: { type: "boolean", default: false },
  },
  verbs: VERBS,
  async run({ verb, values, positionals, env, terminal }) {
    const target = await chooseTarget(values, env);
    terminal.note(target.description);
    const { json, yes } = values;
    try {
      return await VERBS[verb]!.run({
        store: openBucket(target.bucket),
        bucket: target.bucket,
        stack: target.stack,
        env,
        positionals,
        options: values as Record<string, string | boolean | undefined>,
        json,
        yes,
        terminal,
      });
    } catch (error) {
      throw explain(error, target.bucket);
    }
  },
});

if (import.meta.main) await runCommand(command);
