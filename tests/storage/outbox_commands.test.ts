/** `deno task storage reconcile` and `requeue`: what an operator does about orphans and dead letters. */
import { Failure } from "../../stack/failure.ts";
import { execute } from "../../tools/command.ts";
import { command as storage } from "../../tools/storage.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { image, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow, stack } from "../support/stack.ts";
import { request, signUp } from "../support/users.ts";

async function run(args: string[], env: Record<string, string> = {}, answer?: boolean) {
  const lines: string[] = [];
  const named = Object.keys(env).length === 0;
  const statusFile = `--status-file=${Deno.env.get("STACK_STATUS_FILE")}`;
  const code = await execute(storage, [...args, ...(named ? [statusFile] : [])], {
    env,
    terminal: {
      print: (line) => lines.push(line),
      note: () => {},
      show: () => {},
      ask: () => answer,
      output: new WritableStream(),
      input: new Blob().stream(),
    },
  });
  return { code, lines, json: () => JSON.parse(lines.join("\n")) };
}

/** A server that answers as storage-cleanup does. */
function standIn(answer: (body: Record<string, unknown>) => Response): {
  url: string;
  seen: Record<string, unknown>[];
} & AsyncDisposable {
  const seen: Record<string, unknown>[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (req) => {
    const body = await req.json();
    seen.push(body);
    return answer(body);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    seen,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const part = (fields: object) =>
  Response.json({
    claimed: 0,
    deleted: 0,
    failed: 0,
    pending: 0,
    dead: 0,
    expired_uploads: 0,
    foreign: 0,
    missing: 0,
    missing_keys: [],
    ...fields,
  });

const envOf = (url: string) => ({
  SUPABASE_URL: url,
  SUPABASE_SERVICE_KEY: stack.SECRET_KEY,
  S3_ENDPOINT: stack.STORAGE_S3_URL,
  S3_BUCKET: stack.S3_BUCKET,
  S3_ACCESS_KEY: stack.S3_PROTOCOL_ACCESS_KEY_ID,
  S3_SECRET_KEY: stack.S3_PROTOCOL_ACCESS_KEY_SECRET,
});

Deno.test("reconcile reports a row without its object, and exits with 1", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const [id] = await uploadAll(user, chat_id, [image()]);
  const key = `${user.id}/${chat_id}/images/${id}-1.png`;
  await asOperator((sql) =>
    sql`update chat_images set uploaded_at = now() - interval '2 days' where id = ${id!}`
  );
  const before = (await run(["reconcile", "--json"])).json();
  assert(!before.missing_keys.includes(key));
  await run(["rm", key, "--force"]);
  const { code, json } = await run(["reconcile", "--json"]);
  assertEquals([code, json().missing], [1, before.missing + 1]);
  assert(json().missing_keys.includes(key));
  await asOperator((sql) => sql`delete from chat_images where id = ${id!}`);
});

Deno.test("reconcile --apply goes through a large bucket part by part, each with its own number", async () => {
  await using api = standIn(({ after, reconcile }) =>
    after === undefined
      ? part({ compared: 5, orphans: 2, orphan_keys: ["a", "b"], next: "m" })
      : after === "m"
      ? part({ compared: 4, orphans: 0, orphan_keys: [], next: "t" })
      : part({ compared: 1, orphans: 1, orphan_keys: [reconcile === "apply" ? "" : "z"] })
  );
  const dry = await run(["reconcile"], envOf(api.url));
  assertEquals(dry.lines, [
    "10 objects compared: 3 orphans, 0 not of this database, 0 rows without an object",
    "orphan   a",
    "orphan   b",
    "orphan   z",
  ]);
  assertEquals(dry.code, 1);
  assert(api.seen.every(({ reconcile }) => reconcile === "dry-run"));

  for (
    const [args, message] of [
      [["--apply", "--expected", "2", "--yes"], "3 orphans, and 2 were expected"],
      [["--apply", "--expected", "3"], "no terminal to ask at"],
      [["--apply", "--yes"], "go together"],
      [["--expected", "3"], "go together"],
      [["--apply", "--expected", "all", "--yes"], "go together"],
    ] as const
  ) {
    await assertRejects(() => run(["reconcile", ...args], envOf(api.url)), Failure, message);
  }
  assert(api.seen.every(({ reconcile }) => reconcile === "dry-run"));
});

Deno.test("reconcile --apply enqueues once the number is right", async () => {
  await using api = standIn(({ after, until, reconcile }) =>
    reconcile === "apply" || after
      ? part({ compared: 5, orphans: 2 - (after ? 1 : 0), orphan_keys: [] })
      : part({ compared: 5, orphans: 2, orphan_keys: ["a", "b"], ...(until ? {} : { next: "m" }) })
  );
  const { code, json } = await run(
    ["reconcile", "--apply", "--expected", "3", "--json", "--yes"],
    envOf(api.url),
  );
  assertEquals([code, json().enqueued], [0, 3]);
  assertEquals(api.seen.filter(({ reconcile }) => reconcile === "apply"), [
    { reconcile: "apply", expected: 2, until: "m" },
    { reconcile: "apply", expected: 1, after: "m" },
  ]);
});

Deno.test("a refusal of the function is told, with its code", async () => {
  await using api = standIn(() =>
    Response.json({ code: "unauthorized", message: "the secret key is required" }, { status: 401 })
  );
  const error = await assertRejects(
    () => run(["reconcile"], envOf(api.url)),
    Failure,
    "unauthorized",
  );
  assertEquals(error.exitCode, 3);
  const { SUPABASE_URL: _, ...without } = envOf(api.url);
  const unknown = await assertRejects(() => run(["requeue"], without), Failure, "no API is known");
  assertEquals(unknown.exitCode, 2);
});

Deno.test("requeue gives dead letters another try, from the first attempt on", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image()]);
  await asOperator(async (sql) => {
    await sql`delete from chats where id = ${chat_id}`;
    await sql`update storage_deletions set dead_at = now(), attempts = 20, last_error = 'AccessDenied'
              where chat_id = ${chat_id}`;
  });
  const cleanup = () =>
    request("storage-cleanup", {
      method: "POST",
      headers: { apikey: stack.SECRET_KEY, "content-type": "application/json" },
      body: "{}",
    });
  const { body } = await cleanup();
  assert(body.dead >= 1);
  assertEquals((await keysBelow(`${user.id}/`)).length, 1, "a dead letter is left alone");

  const { code, json } = await run(["requeue", "--json"]);
  assertEquals([code, json().requeued], [0, body.dead]);
  const { data } = await user.client.from("storage_deletions").select("attempts, dead_at, done_at")
    .eq("chat_id", chat_id);
  assertEquals(data, [{ attempts: 0, dead_at: null, done_at: null }]);
  await cleanup();
  assertEquals(await keysBelow(`${user.id}/`), []);
  assertEquals((await run(["requeue"])).lines, ["requeued 0 deletions"]);
});
