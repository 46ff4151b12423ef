/** `deno task db`: migrations, both ways. */
import { createMigration, describe, down, history, reset, status, up } from "./db_commands.ts";
import { EXIT, misuse } from "../stack/failure.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, runCommand, type Values } from "./command.ts";
import { confirm } from "./confirmation.ts";
import { appliedMigrations } from "./rollback.ts";
import { findStack, STACK_HELP, STACK_OPTIONS } from "./running_stack.ts";

const HELP = `deno task db COMMAND [options]

  init          prepares a Supabase database: applies all migrations
  new NAME      creates a migration and its rollback, side by side
  up            applies the migrations that are missing
  down [N]      takes back the newest N (1) in one transaction; other data stays
  history       lists local and applied migrations (supabase migration list)
  status        current version and what is pending; exit code 1 if anything is
  reset         takes everything back and applies it again, with the seed

  --remote URL        a database's address; without it the running stack's
${STACK_HELP}
  --yes               do not ask before down and reset
  --drop-data         let down and reset drop tables that have rows
  --help`;

const OPTIONS = {
  ...STACK_OPTIONS,
  remote: { type: "string" },
  yes: { type: "boolean", default: false },
  "drop-data": { type: "boolean", default: false },
} as const;

async function addressOf(values: Values<typeof OPTIONS>): Promise<string> {
  const { remote } = values;
  if (remote === undefined) {
    return (await findStack(values, "Or name a database with --remote URL.")).DB_URL;
  }
  if (/^postgres(ql)?:$/.test(URL.parse(remote)?.protocol ?? "")) return remote;
  throw misuse("--remote is not a database's address", "Use postgresql://user:password@host/db.");
}

/** The command. */
export const command = defineCommand({
  name: "db",
  help: HELP,
  options: OPTIONS,
  verbs: {
    init: { usage: "init" },
    new: { usage: "new NAME", takes: [1, 1] },
    up: { usage: "up" },
    down: { usage: "down [N]", takes: [0, 1] },
    history: { usage: "history" },
    status: { usage: "status" },
    reset: { usage: "reset" },
  },
  async run({ verb, values, positionals: [argument], terminal }) {
    const { print } = terminal;
    const root = PROJECT_ROOT;
    if (verb === "new") {
      await createMigration({ root, print }, argument ?? "");
      return;
    }
    const confirmed = { yes: values.yes, terminal };
    const context = { url: await addressOf(values), root, print };
    const options = { dropData: values["drop-data"] };
    switch (verb) {
      case "down": {
        const count = Number(argument ?? "1");
        if (!Number.isInteger(count) || count < 1) {
          throw misuse(`${argument} is not a number of migrations`, "Give 1 or more.");
        }
        confirm(confirmed, `Take back ${count} of ${describe(context.url)}?`);
        return await down(context, count, options);
      }
      case "reset":
        confirm(confirmed, `Lose all rows of this project in ${describe(context.url)}?`);
        return await reset(context, options);
      case "history":
        // The CLI does not say whether it could reach the database.
        await appliedMigrations(context.url);
        return await history(context);
      case "status":
        return await status(context) ? EXIT.done : EXIT.failed;
      case "init":
      case "up":
        return await up(context);
      default:
        throw new Error(`db has no verb ${verb}`);
    }
  },
});

if (import.meta.main) await runCommand(command);
