/** What all commands have in common: --help, exit codes, what they say of a mistake, their log line. */
import { join } from "node:path";
import { EXIT, Failure } from "../../stack/failure.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { type Command, execute } from "../../tools/command.ts";
import { confirm } from "../../tools/confirmation.ts";
import type { Terminal } from "../../tools/terminal.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";

interface Task {
  name: string;
  command: Command;
}

/** The command of each task of deno.json: the script that it runs declares it. */
async function tasks(): Promise<Task[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(PROJECT_ROOT, "deno.json")));
  return await Promise.all(
    Object.entries<{ command: string }>(tasks).map(async ([name, { command: line }]) => {
      const [, script] =
        /^deno run -A tools\/install\.ts (?:small|all) && deno run -A (\S+)$/.exec(line) ?? [];
      assert(script, `task ${name} runs no script`);
      const { command } = await import(join(PROJECT_ROOT, script));
      assert(command, `${script} declares no command`);
      return { name, command };
    }),
  );
}

const all = await tasks();

/** Runs a command in this process. @returns its exit code and what it printed */
async function run(command: Command, args: string[], env: Record<string, string> = {}) {
  const lines: string[] = [];
  const terminal: Terminal = {
    print: (line) => lines.push(line),
    note: () => {},
    show: () => {},
    ask: () => undefined,
    output: new WritableStream(),
    input: new Blob().stream(),
  };
  return { code: await execute(command, args, { env, terminal }), text: lines.join("\n") };
}

/** Runs a command that fails. */
const failure = (command: Command, args: string[], env?: Record<string, string>) =>
  assertRejects(() => run(command, args, env), Failure);

const commandOf = (name: string) => all.find((task) => task.name === name)!.command;

for (const { name, command } of all) {
  Deno.test(`${name}: --help exits with 0 and names every option and exit code`, async () => {
    const { code, text } = await run(command, ["--help"]);
    assertEquals([code, command.name], [0, name]);
    assertMatch(text, new RegExp(`^deno task ${name}\\b`));
    const verbs = Object.values(command.verbs ?? {});
    const options = [command.options, ...verbs.map((verb) => verb.options)]
      .flatMap((some) => Object.keys(some ?? {}));
    for (const option of [...options, "help"]) assert(text.includes(`--${option}`), option);
    for (const { usage } of verbs) assert(text.includes(`  ${usage}`), usage);
    assertMatch(text, /Exit codes: 0 .*1 .*2 .*3 /);
    assert(text.split("\n").every((line) => line.length <= 100), "no line is longer than ours");
  });

  Deno.test(`${name}: what it does not know exits with 2`, async () => {
    const verb = Object.keys(command.verbs ?? {}).slice(0, 1);
    const { exitCode, message } = await failure(command, [...verb, "--no-such-option"]);
    assertEquals(exitCode, EXIT.usage);
    assertMatch(message, /--no-such-option/);
    if (command.verbs) {
      assertEquals((await failure(command, ["no-such-verb"])).exitCode, EXIT.usage);
      assertEquals((await failure(command, [])).exitCode, EXIT.usage);
    } else if (!command.takes) {
      assertEquals((await failure(command, ["surplus"])).exitCode, EXIT.usage);
    }
  });
}

Deno.test("where no stack is running they exit with 3, and name the options that find one", async () => {
  const cases: [string, string[]][] = [
    ["status", []],
    ["demo", []],
    ["db", ["status"]],
    ["storage", ["ls"]],
  ];
  for (const [name, args] of cases) {
    for (const option of ["--status-file=/no/such/file", "--data-dir=/no/such/folder"]) {
      const { exitCode, message, advice } = await failure(commandOf(name), [...args, option]);
      assertEquals(exitCode, EXIT.unreachable, name);
      assertMatch(message, /^no stack is running \(there is no \/no\/such\//);
      assertMatch(advice, /--data-dir FOLDER or --status-file FILE/);
    }
  }
});

Deno.test("a stack that has ended counts as none, and one that keeps silent as not reachable", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "status.json");
    const status = (pid: number) =>
      Deno.writeTextFile(
        file,
        JSON.stringify({ FUNCTIONS_URL: "http://127.0.0.1:9/functions/v1", PID: pid }),
      );
    // Above the largest process id of any system.
    await status(2 ** 30);
    const ended = await failure(commandOf("status"), [`--status-file=${file}`]);
    assertEquals(ended.exitCode, EXIT.unreachable);
    assertMatch(ended.message, /process 1073741824 of .* has ended/);
    await status(Deno.pid);
    const silent = await failure(commandOf("status"), [`--status-file=${file}`]);
    assertEquals(silent.exitCode, EXIT.unreachable);
    assertMatch(silent.message, /health does not answer/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a database that does not answer: exit code 3", async () => {
  const remote = "--remote=postgresql://postgres:hidden@127.0.0.1:9/postgres";
  for (const verb of ["status", "history", "up"]) {
    const { exitCode, message } = await failure(commandOf("db"), [verb, remote]);
    assertEquals(exitCode, EXIT.unreachable, verb);
    assert(!message.includes("hidden"));
  }
  const misused = await failure(commandOf("db"), ["up", "--remote=http://127.0.0.1"]);
  assertEquals(misused.exitCode, EXIT.usage);
});

Deno.test("what is lost for good is asked about: at a terminal, or confirmed by --yes", () => {
  const ask = (answer: boolean | undefined) => ({ ask: () => answer });
  confirm({ yes: true, terminal: ask(false) }, "Lose it?");
  confirm({ yes: false, terminal: ask(true) }, "Lose it?");
  const no = assertThrows(() => confirm({ yes: false, terminal: ask(false) }, "Lose it?"), Failure);
  assertEquals(no.exitCode, EXIT.failed);
  const nobody = assertThrows(
    () => confirm({ yes: false, terminal: ask(undefined) }, "Lose it?"),
    Failure,
  );
  assertEquals(nobody.exitCode, EXIT.usage);
  assertMatch(nobody.advice, /--yes/);
});

/** Runs a command in a process of its own. */
async function runProcess(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(PROJECT_ROOT, "tools/status.ts"), ...args],
    // As without npx, by which the tests may run.
    env: { NO_COLOR: "1", LOG_LEVEL: "", npm_command: "", ...env },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("as programs: help on standard output, mistakes on standard error", async () => {
  const help = await runProcess(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertMatch(help.stdout, /^deno task status/);
  const wrong = await runProcess(["--no-such-option"]);
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertMatch(wrong.stderr, /^error: .*--no-such-option.*\n {2}See --help\.\n$/);
});

Deno.test("a command says what is wrong, and with LOG_LEVEL writes its line", async () => {
  const missing = ["--status-file=/no/such/file"];
  const { code, stderr } = await runProcess(missing, { LOG_LEVEL: "info" });
  assertEquals(code, 3);
  assertMatch(stderr, /^error: no stack is running .*\n {2}Start it/);
  const { time, request_id, duration_ms, ...line } = JSON.parse(stderr.trim().split("\n").at(-1)!);
  assertEquals([typeof time, typeof request_id, typeof duration_ms], [
    "string",
    "string",
    "number",
  ]);
  assertEquals(line, { level: "error", operation: "status", exit_code: 3, outcome: "error" });
  assertEquals((await runProcess(missing)).stderr.includes("{"), false, "people see no JSON");
});
