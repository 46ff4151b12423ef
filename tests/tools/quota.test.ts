/** `deno task quota`: what operators see and set of the limits. */
import { EXIT, Failure } from "../../stack/failure.ts";
import { execute } from "../../tools/command.ts";
import { command as quota } from "../../tools/quota.ts";
import { readAmount, writeSize } from "../../tools/quota/amounts.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { asOperator, stack } from "../support/stack.ts";
import { storedUsage, usageOfRows } from "../support/usage.ts";
import { signUp } from "../support/users.ts";

const STATUS_FILE = `--status-file=${Deno.env.get("STACK_STATUS_FILE")}`;

async function run(args: string[], env?: Record<string, string>) {
  const lines: string[] = [];
  const code = await execute(quota, env ? args : [...args, STATUS_FILE], {
    env: env ?? {},
    terminal: {
      print: (line) => lines.push(line),
      note: () => {},
      show: () => {},
      ask: () => undefined,
      output: new WritableStream(),
      input: new Blob().stream(),
    },
  });
  assertEquals(code, EXIT.done);
  return lines;
}

const json = async (...args: string[]) =>
  (await run([...args, "--json"])).map((line) => JSON.parse(line));

const failure = (args: string[], env?: Record<string, string>) =>
  assertRejects(() => run(args, env), Failure);

const DEFAULTS = {
  max_chats: 100_000,
  max_text_bytes: 2 ** 30,
  max_objects: 100_000,
  max_file_bytes: 10 * 2 ** 30,
};

Deno.test("sizes are read and written", () => {
  for (
    const [text, bytes] of [["0", 0], ["1000", 1000], ["1.5KiB", 1536], ["2GiB", 2 ** 31]] as const
  ) {
    assertEquals(readAmount(text, true), bytes);
  }
  assertEquals([0, 1023, 1536, 2 ** 30].map(writeSize), ["0", "1023", "1.5KiB", "1GiB"]);
  for (const text of ["", "-1", "1.5", "1e3", "1 GiB", "1GB", "0x10", "9007199254740992", "NaN"]) {
    assertThrows(() => readAmount(text, true), Failure, text);
  }
  assertThrows(() => readAmount("1KiB", false), Failure);
});

Deno.test("the default, what a user holds, and a limit of one's own that is set and taken back", async () => {
  const user = await signUp();
  await user.createChat();
  assertEquals(await json("get"), [{ user_id: null, ...DEFAULTS }]);
  assertEquals(await run(["get"]), [
    "chats    100,000",
    "text     1GiB",
    "objects  100,000",
    "files    10GiB",
  ]);
  const held = await storedUsage(user);
  assertEquals(await json("get", user.id), [{ user_id: user.id, ...held, ...DEFAULTS }]);

  await run(["set", user.id, "--chats", "1", "--text", "1.5KiB"]);
  await run(["set", user.id, "--files", "0"]);
  const own = { max_chats: 1, max_text_bytes: 1536, max_objects: null, max_file_bytes: 0 };
  assertEquals(
    (await json("list")).filter(({ user_id }) => user_id === user.id),
    [{ user_id: user.id, ...own }],
  );
  assertEquals((await json("list"))[0], { user_id: null, ...DEFAULTS });
  assertEquals(await run(["get", user.id]), [
    "chats    1 of 1 (own)",
    "text     264 of 1.5KiB (own)",
    "objects  0 of 100,000 (the default)",
    "files    0 of 0 (own)",
  ]);
  const more = await user.client.from("chats").insert({ title: "x" });
  assertEquals(more.status, 429);
  await run(["set", user.id, "--chats", "default", "--text", "default", "--files", "default"]);
  assertEquals((await json("list")).filter(({ user_id }) => user_id === user.id), []);
  assertEquals((await user.client.from("chats").insert({ title: "x" })).status, 201);
});

Deno.test("the default is set for all who have none of their own", async () => {
  try {
    await run(["set", "default", "--objects", "7"]);
    assertEquals((await json("get"))[0].max_objects, 7);
    assertEquals((await json("get", (await signUp()).id))[0].max_objects, 7);
    assertMatch(
      (await failure(["set", "default", "--chats", "default"])).message,
      /nothing behind/,
    );
  } finally {
    await run(["set", "default", "--objects", "100000"]);
  }
  assertEquals(await json("get"), [{ user_id: null, ...DEFAULTS }]);
});

Deno.test("recount repairs what is wrong, and says whose it was", async () => {
  const [user, other] = [await signUp(), await signUp()];
  await user.createChat();
  await other.createChat();
  await asOperator((sql) =>
    sql`update usage set chats = 7, text_bytes = 1, reserved_objects = 3 where user_id = ${user.id}`
  );
  assertEquals(await json("recount", other.id), [{ users: 1, differed: [] }]);
  assertEquals(await run(["recount", user.id]), [
    `corrected ${user.id}`,
    "1 user counted, 1 corrected",
  ]);
  assertEquals(await storedUsage(user), await usageOfRows(user));

  await asOperator((sql) => sql`delete from usage where user_id = ${user.id}`);
  const [{ users, differed }] = await json("recount");
  assert(users >= 2, `${users}`);
  assertEquals(differed.filter((id: string) => [user.id, other.id].includes(id)), [user.id]);
  assertEquals(await storedUsage(user), await usageOfRows(user));
});

Deno.test("what can't be done is said, with the exit code", async () => {
  const user = await signUp();
  for (
    const [args, exitCode, message] of [
      [["get", "somebody"], EXIT.usage, /somebody is no user's id/],
      [["set", user.id], EXIT.usage, /what is to be set/],
      [["set", user.id, "--text", "much"], EXIT.usage, /much is no size/],
      [["set", user.id, "--chats", "1KiB"], EXIT.usage, /1KiB is no number/],
      [["set", crypto.randomUUID(), "--chats", "1"], EXIT.failed, /no such user/],
      [["forget"], EXIT.usage, /unknown command forget/],
    ] as const
  ) {
    const error = await failure([...args]);
    assertEquals(error.exitCode, exitCode, error.message);
    assertMatch(error.message, message);
  }
  const env = { SUPABASE_URL: stack.API_URL, SUPABASE_SERVICE_KEY: "sb_secret_wrong" };
  assertEquals((await failure(["list"], env)).exitCode, EXIT.unreachable);
  assertEquals(
    (await failure(["list"], { ...env, SUPABASE_URL: "http://127.0.0.1:1" })).exitCode,
    EXIT.unreachable,
  );
});
