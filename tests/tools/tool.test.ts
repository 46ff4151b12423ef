import { join } from "node:path";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assertEquals, assertMatch } from "@std/assert";

/** Runs a command that finds no stack. @returns its exit code and standard error */
async function run(env: Record<string, string>) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(PROJECT_ROOT, "tools/status.ts"), "--status-file=/no/such/file"],
    env: { NO_COLOR: "1", ...env },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("a command says what is wrong, and with LOG_LEVEL writes its line", async () => {
  const { code, stderr } = await run({ LOG_LEVEL: "info" });
  assertEquals(code, 1);
  assertMatch(stderr, /^error: no stack is running\n {2}Start it/);
  const { time, request_id, duration_ms, ...line } = JSON.parse(stderr.trim().split("\n").at(-1)!);
  assertEquals([typeof time, typeof request_id, typeof duration_ms], [
    "string",
    "string",
    "number",
  ]);
  assertEquals(line, { level: "error", operation: "status", exit_code: 1, outcome: "error" });
});

Deno.test("without LOG_LEVEL a command speaks to people only", async () => {
  const { stderr } = await run({ LOG_LEVEL: "" });
  assertEquals(stderr.includes("{"), false);
});
