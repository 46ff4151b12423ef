/** `deno task db`: migrations, both ways. */
import { parseArgs } from "node:util";
import { createMigration, describe, down, history, reset, status, up } from "./db_commands.ts";
import { Failure } from "../stack/failure.ts";
import { DEFAULT_DATA_DIR, readStatus, statusFileOf } from "../stack/status_file.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { runTool } from "./tool.ts";

const HELP = `deno task db COMMAND [options]

  init          prepares a Supabase database: applies all migrations
  new NAME      creates a migration and its rollback, side by side
  up            applies the migrations that are missing
  down [N]      takes back the newest N (1), in one transaction; other data stays
  history       lists local and applied migrations (supabase migration list)
  status        current version and what is pending; exit code 1 if anything is
  reset         takes everything back and applies it again, with the seed

  --remote URL  a database's address; without it the running local stack's
  --yes         do not ask before down and reset
  --drop-data   let down and reset drop tables that have rows
  --help`;

function confirm(question: string, yes: boolean): void {
  if (yes) return;
  if (!Deno.stdin.isTerminal()) {
    throw new Failure(`${question} Nobody can be asked here.`, "Add --yes to confirm.");
  }
  if (prompt(`${question} [y/N]`)?.toLowerCase() !== "y") {
    throw new Failure("not confirmed", "Nothing was changed.");
  }
}

async function addressOf(remote: string | undefined): Promise<string> {
  if (remote === undefined) return (await readStatus(statusFileOf(DEFAULT_DATA_DIR))).DB_URL;
  if (/^postgres(ql)?:$/.test(URL.parse(remote)?.protocol ?? "")) return remote;
  throw new Failure(
    "--remote is not a database's address",
    "Use postgresql://user:password@host/db.",
  );
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      remote: { type: "string" },
      yes: { type: "boolean", default: false },
      "drop-data": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [command, argument, ...more] = positionals;
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const print = (line: string) => console.log(line);
  const root = PROJECT_ROOT;
  const takes = { new: true, down: true }[command ?? ""] ?? false;
  if (more.length > 0 || (argument !== undefined && !takes)) {
    throw new Failure(`unexpected argument ${more[0] ?? argument}`, "See --help.");
  }
  if (command === "new") {
    await createMigration({ root, print }, argument ?? "");
    return 0;
  }
  if (!["init", "up", "down", "history", "status", "reset"].includes(command ?? "")) {
    throw new Failure(command ? `unknown command ${command}` : "which command?", "See --help.");
  }
  const context = { url: await addressOf(values.remote), root, print };
  const options = { dropData: values["drop-data"] };
  switch (command) {
    case "down": {
      const count = Number(argument ?? "1");
      if (!Number.isInteger(count) || count < 1) {
        throw new Failure(`${argument} is not a number of migrations`, "Give 1 or more.");
      }
      confirm(`Take back ${count} of ${describe(context.url)}?`, values.yes);
      await down(context, count, options);
      return 0;
    }
    case "reset":
      confirm(`Lose all rows of this project in ${describe(context.url)}?`, values.yes);
      await reset(context, options);
      return 0;
    case "history":
      await history(context);
      return 0;
    case "status":
      return await status(context) ? 0 : 1;
    default:
      await up(context);
      return 0;
  }
}

if (import.meta.main) await runTool("db", main);
