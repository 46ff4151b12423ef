/** The embedded stack's life: start, stop, crash, recovery, and what is in its way. */
import { join } from "node:path";
import process from "node:process";
import postgres from "postgres";
import type { StackStatus } from "../../stack/status_file.ts";
import { PROJECT_ROOT } from "../../stack/supabase_cli.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@shared/async.ts";
import { removeDataFolder } from "../support/data_folder.ts";
import { eventually } from "../support/eventually.ts";
import { image, uploadAll } from "../support/files.ts";
import {
  databaseProcess,
  type StackProcessOptions,
  startCommand,
  startStackProcess,
} from "../support/stack_process.ts";
import { operatorBucket } from "../../tools/operator_bucket.ts";
import { keysBelow } from "../support/stack.ts";
import { request, signUp } from "../support/users.ts";

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

const isListening = async (url: string) => {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) })).close();
    return true;
  } catch {
    return false;
  }
};

/** Health gives its checks little time, and a stack that has just started may need more. */
async function eventuallyHealthy(status: StackStatus): Promise<void> {
  const healthy = async () => {
    const { body: { checks } } = await request("health", {}, status);
    return checks.database.status === "ok" && checks.storage.status === "ok";
  };
  await eventually("database and bucket answer", healthy, 30_000);
}

/** Runs a start that is meant to fail. */
async function failingStart(options: StackProcessOptions, statusFile?: string) {
  const folder = await Deno.makeTempDir();
  const [program, ...args] = startCommand(options, statusFile ?? join(folder, "status.json"));
  const { code, stderr } = await new Deno.Command(program!, {
    args,
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  await Deno.remove(folder, { recursive: true });
  return { code, message: new TextDecoder().decode(stderr) };
}

async function withFolder(work: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-data-" });
  try {
    await work(folder);
  } finally {
    await removeDataFolder(folder);
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} stops all parts and leaves nothing behind`, async () => {
    await withFolder(async (TMPDIR) => {
      await using stack = await startStackProcess({ env: { TMPDIR } });
      const { status, child } = stack;
      assertEquals(Array.from(Deno.readDirSync(TMPDIR)).length, 1);
      child.kill(signal);
      const { code } = await child.status;
      assertEquals(code, 0);
      assertEquals(await isListening(status.API_URL), false);
      assertEquals(await isListening(status.DB_URL), false);
      assertEquals(Array.from(Deno.readDirSync(TMPDIR)), []);
    });
  });
}

Deno.test("the end of the command that launched it stops all parts", async () => {
  // As npx does, `deno task` starts the stack as its child and passes no SIGKILL on.
  await using stack = await startStackProcess({ command: [Deno.execPath(), "task", "start"] });
  assert(stack.child.pid !== stack.status.PID);
  stack.child.kill("SIGKILL");
  await eventually("the stack ends", () => !isAlive(stack.status.PID));
  assertEquals(await isListening(stack.status.API_URL), false);
  assertEquals(await isListening(stack.status.DB_URL), false);
});

Deno.test("what was stored is there after a stop, and after kill -9", async () => {
  await withFolder(async (dataDir) => {
    const first = await startStackProcess({ dataDir });
    const user = await signUp(first.status);
    const chat_id = await user.createChat("Kept");
    const [id] = await uploadAll(user, chat_id, [image()]);
    const key = `${user.id}/${chat_id}/images/${id}-1.png`;
    await first[Symbol.asyncDispose]();

    for (const round of ["after a stop", "after kill -9"]) {
      const next = await startStackProcess({ dataDir });
      const { data } = await user.client.auth.getUser();
      assertEquals(data.user, null, "the old address is gone");
      assertEquals(await keysBelow(key, operatorBucket(next.status)), [key], round);
      await eventuallyHealthy(next.status);
      next.child.kill("SIGKILL");
      await next.child.status;
      await eventually("PostgreSQL ends", async () => !await isListening(next.status.DB_URL));
      await next[Symbol.asyncDispose]();
    }
  });
});

Deno.test("a PostgreSQL server that is killed is started again, and no request hangs", async () => {
  await withFolder(async (dataDir) => {
    await using stack = await startStackProcess({ dataDir });
    const user = await signUp(stack.status);
    const pid = await databaseProcess(stack.status);
    // Requests are under way all the time, so that some meet the server's end half-way.
    let over = false;
    const read = async () => {
      const { error } = await user.client.from("chats").select("id").retry(false)
        .abortSignal(AbortSignal.timeout(12_000));
      return error === null;
    };
    const readers = Array.from({ length: 8 }, async () => {
      const waits: number[] = [];
      while (!over) {
        const started = performance.now();
        await read();
        waits.push(performance.now() - started);
      }
      return Math.max(...waits);
    });
    await delay(200);
    Deno.kill(pid, "SIGKILL");
    await eventually("the server is another one", () => !isAlive(pid));
    await eventually("rows can be read again", read);
    over = true;
    const longest = Math.max(...await Promise.all(readers));
    assert(longest < 10_000, `a request took ${longest} ms`);
    for (let round = 0; round < 20; round++) assert(await read());
  });
});

Deno.test("a data folder that is moved keeps its database", async () => {
  await withFolder(async (parent) => {
    const [before, after] = [join(parent, "before"), join(parent, "after")];
    const first = await startStackProcess({ dataDir: before });
    const user = await signUp(first.status);
    await user.createChat("Precious");
    await first[Symbol.asyncDispose]();
    await Deno.rename(before, after);
    try {
      // Another stack's start must not take the folder that is missing for a deleted one.
      await (await startStackProcess())[Symbol.asyncDispose]();
      await using moved = await startStackProcess({ dataDir: after });
      const sql = postgres(moved.status.DB_URL, { max: 1 });
      const rows = await sql`select title from chats where title = 'Precious'`;
      await sql.end();
      assertEquals(rows.length, 1);
    } finally {
      await removeDataFolder(after);
    }
  });
});

Deno.test("a stack with another's status file says so, and leaves the file and that stack alone", async () => {
  await using first = await startStackProcess();
  const before = await Deno.readTextFile(first.statusFile);
  const { code, message } = await failingStart({}, first.statusFile);
  assertEquals(code, 1);
  assertMatch(message, /a stack is running already: http:.*\n {2}Use it, or stop it first/);
  assertEquals(await Deno.readTextFile(first.statusFile), before);
  assertEquals(await isListening(first.status.API_URL), true);
});

Deno.test("two stacks on one folder: the second says so, and leaves the first one's status file alone", async () => {
  await withFolder(async (dataDir) => {
    await using first = await startStackProcess({ dataDir });
    const before = await Deno.readTextFile(first.statusFile);
    const { code, message } = await failingStart({ dataDir }, first.statusFile);
    assertEquals(code, 1);
    assertMatch(message, /a stack is running already: http/);
    assertEquals(await Deno.readTextFile(first.statusFile), before);
    const unnamed = await failingStart({ dataDir });
    assertMatch(unnamed.message, /another stack is running on/);
  });
});

Deno.test("a busy port is named, with the option that chooses another", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  for (const option of ["--port", "--db-port"]) {
    const { code, message } = await failingStart({ args: [`${option}=${port}`] });
    assertEquals(code, 1);
    assertMatch(message, new RegExp(`port ${port} is in use`));
    assertMatch(message, new RegExp(`${option} `));
  }
});

Deno.test("a bad setting is named, and its value is not shown", async () => {
  const env = { MAX_FILE_SIZE_MB: "plenty", S3_URL_EXPIRATION: "0" };
  const { code, message } = await failingStart({ env });
  assertEquals(code, 2);
  assertMatch(message, /MAX_FILE_SIZE_MB/);
  assertMatch(message, /S3_URL_EXPIRATION/);
  assert(!message.includes("plenty"));
});

Deno.test("bad options are named", async () => {
  const port = await failingStart({ args: ["--port=many"] });
  assertEquals(port.code, 2);
  assertMatch(port.message, /--port many is not a port/);
  const unknown = await failingStart({ args: ["--verbose"] });
  assertEquals(unknown.code, 2);
  assertMatch(unknown.message, /--verbose/);
});

Deno.test("--external-s3 and --external-db name what they miss", async () => {
  const s3 = await failingStart({ args: ["--external-s3"] });
  assertMatch(s3.message, /--external-s3 needs S3_ACCESS_KEY/);
  assertEquals(s3.code, 2);
  const db = await failingStart({ args: ["--external-db"] });
  assertMatch(db.message, /--external-db needs DATABASE_URL/);
  assertEquals(db.code, 2);
  const DATABASE_URL = "postgresql://postgres:hidden@127.0.0.1:1/postgres";
  const unreachable = await failingStart({ args: ["--external-db"], env: { DATABASE_URL } });
  assertMatch(unreachable.message, /DATABASE_URL can't be reached/);
  assertEquals(unreachable.code, 3);
  assert(!unreachable.message.includes("hidden"));
});

Deno.test("a broken data folder: a clear message, and nothing is deleted", async () => {
  await withFolder(async (dataDir) => {
    await Deno.writeTextFile(join(dataDir, "secrets.json"), "{");
    const { code, message } = await failingStart({ dataDir });
    assertEquals(code, 1);
    assertMatch(message, /secrets\.json is damaged/);
    assertEquals(await Deno.readTextFile(join(dataDir, "secrets.json")), "{");
  });
});

Deno.test("exported addresses reach no function of the embedded stack", async () => {
  await using stack = await startStackProcess({
    env: {
      S3_ENDPOINT: "http://127.0.0.1:1",
      S3_BUCKET: "production",
      S3_ACCESS_KEY: "x",
      S3_SECRET_KEY: "x",
      SUPABASE_URL: "http://127.0.0.1:1",
      DATABASE_URL: "postgresql://127.0.0.1:1/production",
    },
  });
  await eventuallyHealthy(stack.status);
  assertEquals(stack.status.S3_BUCKET, "chat-archive");
});
