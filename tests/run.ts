/** `deno task test`: starts a stack of its own, runs all tests against it, and leaves nothing behind. */
import { join } from "node:path";
import { EXIT, Failure } from "../stack/failure.ts";
import { preparePostgres } from "../stack/postgres_binaries.ts";
import { removeAbandonedPlaces } from "../stack/postgres_place.ts";
import { startStack } from "../stack/stack.ts";
import { type StackStatus, writeStatus } from "../stack/status_file.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, type Invocation, runCommand } from "../tools/command.ts";
import { askedToStop } from "../tools/interruption.ts";
import { checkLog } from "./support/log_check.ts";
import { embeddedOnly, runningStack } from "./support/running_stack.ts";

const HELP = `deno task test [options] [FILES…]

Runs the tests in FILES (all of tests/) on an embedded stack with free ports in
a temporary folder, and ends with a line \`N passed, N failed\`.

  --filter TEXT       only tests whose name contains it
  --external-s3       tests/storage/endpoint.test.ts uses the bucket of S3_*, in
                      a folder of its own that it empties; all others, and all
                      of them without this option, refuse other machines
  --external FILE     on a stack that runs already and has no data to lose; FILE
                      holds what \`supabase status -o json\` prints. Test files
                      that need an embedded stack are named and left out
  --help`;

/** Milliseconds after which a suite counts as hanging; it takes about one minute. */
const SUITE_LIMIT = 15 * 60_000;

/** Runs \`deno test\`, shows what it prints, and returns its counts and what it left out. */
async function runTests(args: string[], env: Record<string, string>, interrupted: AbortSignal) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", ...args],
    cwd: PROJECT_ROOT,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const kill = () => child.kill("SIGTERM");
  interrupted.addEventListener("abort", kill);
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  const { code } = await child.status;
  interrupted.removeEventListener("abort", kill);
  // deno-lint-ignore no-control-regex -- the colours of a terminal
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const summary = [...plain.matchAll(/(\d+) passed.*?\| (\d+) failed/g)].at(-1);
  return {
    code,
    passed: Number(summary?.[1] ?? 0),
    failed: Number(summary?.[2] ?? 0),
    // tests/support/platforms.ts says so before the first test, which may be far up.
    skipped: plain.match(/^skipped: .*$/gm) ?? [],
  };
}

/** What the tests run on. */
interface Tested {
  status: StackStatus;
  /** Where its functions log; empty where nobody can look. */
  logFile: string;
  /** For `deno test`. */
  args: string[];
  stop(): Promise<void>;
}

async function startOwnStack(folder: string): Promise<Tested> {
  const logFile = join(folder, "functions.log");
  const log = await Deno.open(logFile, { create: true, append: true });
  const stack = await startStack({
    port: 0,
    dbPort: 0,
    dataDir: join(folder, "stack"),
    ephemeral: true,
    externalS3: false,
    externalDb: false,
    worker: false,
    // Nothing of the environment: a test never reaches a system that somebody exported.
    env: { LOG_LEVEL: "debug", S3_UPLOAD_EXPIRATION: "900" },
    print: (line) => log.writeSync(new TextEncoder().encode(line + "\n")),
  });
  const stop = async () => {
    await stack.stop();
    log.close();
  };
  return { status: stack.status, logFile, args: [], stop };
}

async function useStack(file: string): Promise<Tested> {
  const status = await runningStack(file);
  const skipped = await embeddedOnly();
  for (const path of skipped) console.log(`skipped: ${path} needs an embedded stack`);
  return { status, logFile: "", args: [`--ignore=${skipped.join(",")}`], stop: async () => {} };
}

const OPTIONS = {
  filter: { type: "string" },
  "external-s3": { type: "boolean", default: false },
  external: { type: "string" },
} as const;

async function run({ values, positionals }: Invocation<typeof OPTIONS>): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-tests-" });
  const interrupted = new AbortController();
  const over = new AbortController();
  const stop = () => interrupted.abort();
  askedToStop(over.signal).then(stop);
  const limit = setTimeout(() => {
    console.error(`the suite did not end within ${SUITE_LIMIT / 60_000} minutes`);
    stop();
  }, SUITE_LIMIT);
  try {
    const stack = values.external === undefined
      ? await startOwnStack(folder)
      : await useStack(values.external);
    try {
      const statusFile = join(folder, "status.json");
      await writeStatus(statusFile, stack.status);
      const tests = positionals.length > 0 ? positionals : ["tests/"];
      const { code, passed, failed, skipped } = await runTests(
        [...(values.filter ? [`--filter=${values.filter}`] : []), ...stack.args, ...tests],
        {
          STACK_STATUS_FILE: statusFile,
          STACK_LOG_FILE: stack.logFile,
          TEST_EXTERNAL_S3: values["external-s3"] ? "1" : "",
        },
        interrupted.signal,
      );
      if (interrupted.signal.aborted) throw new Failure("interrupted", "Run the tests again.");
      // A suite that could not be loaded has no summary, and must not look like a passing one.
      const broken = failed || (code === 0 ? 0 : 1);
      // A test of its own, which can only come last.
      const log = stack.logFile ? [await checkLog(stack.logFile, stack.status)] : [];
      const [good, bad] = [true, false].map((one) => log.filter((ok) => ok === one).length);
      for (const line of skipped) console.log(line);
      console.log(`${passed + good!} passed, ${broken + bad!} failed`);
      return code === 0 && bad === 0 ? EXIT.done : EXIT.failed;
    } finally {
      await stack.stop();
    }
  } finally {
    clearTimeout(limit);
    over.abort();
    await Deno.remove(folder, { recursive: true });
    await removeAbandonedPlaces(await preparePostgres());
  }
}

/** The command. */
export const command = defineCommand({
  name: "test",
  help: HELP,
  options: OPTIONS,
  takes: [0, Infinity],
  run,
});

if (import.meta.main) await runCommand(command);
