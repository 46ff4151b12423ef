/** `deno task test`: starts stacks of its own, runs all tests against them, and leaves nothing behind. */
import { join } from "node:path";
import { eachOf } from "@shared/async.ts";
import { EXIT, Failure } from "../stack/failure.ts";
import { preparePostgres } from "../stack/postgres_binaries.ts";
import { removeAbandonedPlaces } from "../stack/postgres_place.ts";
import { writeStatus } from "../stack/status_file.ts";
import { PROJECT_ROOT } from "../stack/supabase_cli.ts";
import { defineCommand, type Invocation, runCommand } from "../tools/command.ts";
import { askedToStop } from "../tools/interruption.ts";
import { type JobStack, startJobStack } from "./support/job_stack.ts";
import { checkLog } from "./support/log_check.ts";
import { OLDEST_DENO, oldestRuntime } from "./support/oldest_runtime.ts";
import { runningStack } from "./support/running_stack.ts";
import { chooseKinds, startBuckets, testsBuckets } from "./support/buckets/start_buckets.ts";
import { batchesOf, needsEmbeddedStack, testFiles } from "./support/test_files.ts";

const HELP = `deno task test [options] [FILES…]

Runs the tests in FILES (all of tests/) on embedded stacks with free ports in a
temporary folder, and ends with a line \`N passed, N failed\`.

  --filter TEXT       only tests whose name contains it
  --jobs N            processes that run tests at the same time, each on a stack
                      of its own; by default as many as there are processors,
                      at most 4
  --bucket KIND       embedded, lenient, ceph or all: what tests of buckets run
                      on; by default all that are there. lenient takes what it
                      should refuse; ceph is a real Ceph, of Debian's packages
                      ceph-mon, ceph-osd, radosgw and ceph-common
  --oldest            functions run on the oldest Deno that the platform may give
                      them, with the packages that a deployment finds today
  --external-s3       tests/storage/endpoint.test.ts uses the bucket of S3_*, in
                      a folder of its own that it empties; all others, and all
                      of them without this option, refuse other machines
  --external FILE     on a stack that runs already and has no data to lose; FILE
                      holds what \`supabase status -o json\` prints. Test files
                      that need an embedded stack (*.embedded.test.ts) are
                      named and left out
  --help`;

/** Milliseconds after which a suite counts as hanging; on two cores it takes about ten minutes. */
const SUITE_LIMIT_MS = 30 * 60_000;

/** What became of some tests. */
interface Outcome {
  passed: number;
  failed: number;
  /** What was left out, in sentences. */
  skipped: string[];
  /** Tests that failed, each with its file and, where it was told, how its error begins. */
  failures: string[];
}

/** Runs `deno test`, and hands on what it prints: at once, or all at the end where others print too. */
async function runTests(
  args: string[],
  env: Record<string, string>,
  { interrupted, atOnce }: { interrupted: AbortSignal; atOnce: boolean },
): Promise<Outcome> {
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
    if (atOnce) await Deno.stdout.write(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  const { code } = await child.status;
  interrupted.removeEventListener("abort", kill);
  if (!atOnce) console.log(output);
  // deno-lint-ignore no-control-regex -- the colours of a terminal
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const summary = [...plain.matchAll(/(\d+) passed.*?\| (\d+) failed/g)].at(-1);
  const failed = Number(summary?.[2] ?? 0);
  return {
    passed: Number(summary?.[1] ?? 0),
    // A suite that could not be loaded has no summary, and must not look like a passing one.
    failed: failed || (code === 0 ? 0 : 1),
    // tests/support/platforms.ts says so before the first test, which may be far up.
    skipped: plain.match(/^skipped: .*$/gm) ?? [],
    failures: failuresIn(plain),
  };
}

/** Lines of an error that are told again at the end. */
const ERROR_LINES = 30;

/** What failed, in what `deno test` printed: names come twice, the first time with an error. */
function failuresIn(plain: string): string[] {
  const all = new Map<string, string>();
  for (const [, name = "", error = ""] of plain.matchAll(FAILURE)) {
    all.set(name, all.get(name) || error.trimEnd().split("\n").slice(0, ERROR_LINES).join("\n"));
  }
  return [...all].map(([name, error]) => `${name}${error && `\n${error}`}`);
}

const FAILURE = /^(.* => \.\/tests\/.*)$(?:\n(error: [\s\S]*?)(?=\n\n.* => |\n\n FAILURES))?/gm;

/** What an embedded stack's log must hold is a test of its own, which can only come last. */
async function runLogCheck({ logFile, status }: JobStack): Promise<Outcome> {
  if (!logFile) return { passed: 0, failed: 0, skipped: [], failures: [] };
  const good = await checkLog(logFile, status);
  const failures = good ? [] : ["what the functions wrote to the log"];
  return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: [], failures };
}

/** A stack that runs already, for the one job that there is. */
async function useStack(file: string, folder: string): Promise<JobStack> {
  const status = await runningStack(file);
  const statusFile = join(folder, "status.json");
  await writeStatus(statusFile, status);
  return { status, statusFile, logFile: "", [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** The whole numbers that `--jobs` takes. */
function jobsOf(text: string | undefined): number {
  const jobs = text === undefined ? Math.min(navigator.hardwareConcurrency, 4) : Number(text);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 16) return jobs;
  throw new Failure(`--jobs ${text} makes no sense`, "Give a number from 1 to 16.");
}

const OPTIONS = {
  filter: { type: "string" },
  jobs: { type: "string" },
  bucket: { type: "string" },
  oldest: { type: "boolean", default: false },
  "external-s3": { type: "boolean", default: false },
  external: { type: "string" },
} as const;

async function runSuite(
  { values, positionals }: Invocation<typeof OPTIONS>,
  folder: string,
  interrupted: AbortSignal,
): Promise<number> {
  const { external, filter } = values;
  const all = await testFiles(positionals.length > 0 ? positionals : ["tests"]);
  const left = external === undefined ? [] : all.filter(needsEmbeddedStack);
  const files = all.filter((file) => !left.includes(file));
  const most = external === undefined && filter === undefined ? jobsOf(values.jobs) : 1;
  const batches = batchesOf(files, Math.min(most, files.length));
  const jobs = Math.min(most, batches.length);

  // The bucket of S3_* is the only one then.
  const useBuckets = !values["external-s3"] &&
    (await Promise.all(files.map(testsBuckets))).some(Boolean);
  const chosen = useBuckets ? await chooseKinds(values.bucket) : { kinds: [], skipped: [] };
  await using buckets = await startBuckets(chosen.kinds, folder);

  const runtime = values.oldest ? await oldestRuntime() : undefined;
  if (values.oldest && !runtime) {
    throw new Failure(`Deno ${OLDEST_DENO} could not be downloaded`, "Look at the network.");
  }

  const outcomes: Outcome[] = [{
    passed: 0,
    failed: 0,
    failures: [],
    skipped: [
      ...left.map((path) => `skipped: ${path} needs an embedded stack`),
      ...chosen.skipped,
    ],
  }];
  const work = async (_: unknown, index: number) => {
    await using stack = external === undefined
      ? await startJobStack(join(folder, String(index)), runtime)
      : await useStack(external, folder);
    const env = {
      STACK_STATUS_FILE: stack.statusFile,
      STACK_LOG_FILE: stack.logFile,
      ...buckets.env,
      TEST_EXTERNAL_S3: values["external-s3"] ? "1" : "",
    };
    for (let batch = batches.shift(); batch && !interrupted.aborted; batch = batches.shift()) {
      const args = [...(filter ? [`--filter=${filter}`] : []), ...batch];
      outcomes.push(await runTests(args, env, { interrupted, atOnce: jobs === 1 }));
    }
    outcomes.push(await runLogCheck(stack));
  };
  await eachOf(Array(jobs).fill(0), jobs, work);
  if (interrupted.aborted) throw new Failure("interrupted", "Run the tests again.");
  for (const line of outcomes.flatMap(({ skipped }) => skipped)) console.log(line);
  // Their errors may be a thousand lines up.
  for (const name of outcomes.flatMap(({ failures }) => failures)) console.log(`failed: ${name}`);
  const passed = outcomes.reduce((sum, one) => sum + one.passed, 0);
  const failed = outcomes.reduce((sum, one) => sum + one.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? EXIT.done : EXIT.failed;
}

async function run(invocation: Invocation<typeof OPTIONS>): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-tests-" });
  const interrupted = new AbortController();
  const over = new AbortController();
  const stop = () => interrupted.abort();
  askedToStop(over.signal).then(stop);
  const limit = setTimeout(() => {
    console.error(`the suite did not end within ${SUITE_LIMIT_MS / 60_000} minutes`);
    stop();
  }, SUITE_LIMIT_MS);
  try {
    return await runSuite(invocation, folder, interrupted.signal);
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
