/** `deno task quota`: what users hold and may hold, as operators see and set it. */
import { defineCommand, runCommand } from "./command.ts";
import type { QuotaCommand } from "./quota/command.ts";
import { get } from "./quota/get.ts";
import { list } from "./quota/list.ts";
import { recount } from "./quota/recount.ts";
import { set } from "./quota/set.ts";
import { findStack, namesStack, STACK_HELP, STACK_OPTIONS } from "./running_stack.ts";
import { adminOf, apiOf } from "./storage/api.ts";

/** The verbs, in the order of the help. */
const VERBS: Record<string, QuotaCommand> = { get, set, list, recount };

const HELP = `deno task quota COMMAND [options]

${
  Object.values(VERBS).map(({ usage, does }) =>
    [`  ${usage}`, ...does.map((line) => `      ${line}`)].join("\n")
  ).join("\n")
}

  --json              JSON on standard output
${STACK_HELP}
  --help

It works through the API of SUPABASE_URL and SUPABASE_SERVICE_KEY (see
.env.example); where these are not set, or a stack is named, through that of the
running stack. USER is the id in auth.users.`;

/** The command. */
export const command = defineCommand({
  name: "quota",
  help: HELP,
  options: { ...STACK_OPTIONS, json: { type: "boolean", default: false } },
  verbs: VERBS,
  async run({ verb, values, positionals, env, terminal }) {
    const exported = namesStack(values) ? undefined : apiOf({ stack: undefined, env });
    const api = exported ?? apiOf({
      stack: await findStack(values, "Or set SUPABASE_URL and SUPABASE_SERVICE_KEY."),
      env,
    })!;
    terminal.note(`${api.url} (${exported ? "SUPABASE_URL" : "the running stack"})`);
    await VERBS[verb]!.run({
      admin: adminOf(api),
      positionals,
      options: values as Record<string, string | boolean | undefined>,
      json: values.json,
      terminal,
    });
  },
});

if (import.meta.main) await runCommand(command);
