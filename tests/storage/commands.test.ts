/** `deno task storage`: its answers, its exit codes, and what it refuses to do. */
import { join } from "node:path";
import { describeSize } from "../../tools/storage/sizes.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { scratch } from "../support/buckets/scratch.ts";
import { image, uploadAll } from "../support/files.ts";
import { s3Error, startScriptedBucket } from "../support/scripted_bucket.ts";
import { asOperator, keysBelow, stack } from "../support/stack.ts";
import { exported, failure, onStack, STATUS_FILE } from "../support/storage_command.ts";
import { signUp } from "../support/users.ts";

const text = new TextEncoder();

Deno.test("a file goes there and back, with its type, progress and size", async () => {
  await using place = scratch();
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-commands-" });
  try {
    const [file, copy] = [join(folder, "Seite 1.PNG"), join(folder, "copy.png")];
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    await Deno.writeFile(file, bytes);
    const key = `${place.prefix}a.png`;

    const put = await onStack(["put", file, key]);
    assertEquals(put.lines, [`stored ${key} (60.0 kB, image/png)`]);
    assertMatch(put.notes[0]!, /^bucket chat-archive at http:.*\(the running stack\)$/);
    assertEquals(put.shown.at(-1), `${key}: 60.0 kB of 60.0 kB, 100 %`);

    const stat = await onStack(["stat", key, "--json"]);
    assertEquals([stat.json().size, stat.json().content_type], [60_000, "image/png"]);
    assertEquals((await onStack(["ls", place.prefix])).lines.length, 1);
    assertEquals((await onStack(["ls", place.prefix, "--json"])).json().key, key);
    assertEquals((await onStack(["exists", key])).code, 0);

    const get = await onStack(["get", key, copy]);
    assertEquals(get.lines, [`saved ${copy} (60.0 kB)`]);
    assertEquals(await Deno.readFile(copy), bytes);
    assertMatch((await failure(["get", key, copy, STATUS_FILE])).message, /already/);
    assertEquals((await onStack(["get", key, copy, "--overwrite"])).code, 0);

    assertMatch((await failure(["put", file, key, STATUS_FILE])).message, /already/);
    const other = await onStack(["put", "-", key, "--size=5", "--type=text/plain", "--overwrite"], {
      input: text.encode("hello"),
    });
    assertEquals(other.code, 0);
    assertEquals((await onStack(["get", key, "-", "--range=1-3"])).output, "ell");
    assertEquals([...Deno.readDirSync(folder)].length, 2, "no partial file is left");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a download that breaks off leaves no file", async () => {
  await using bucket = startScriptedBucket(() =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        pull: (controller) => controller.error(new Error("gone")),
      }),
      { headers: { "content-length": "20", etag: '"e"' } },
    )
  );
  const folder = await Deno.makeTempDir({ prefix: "chat-archive-commands-" });
  try {
    const env = exported({ ...bucket.settings });
    assertEquals((await failure(["get", "a", join(folder, "a")], { env })).exitCode, 3);
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is not there: exit code 1", async () => {
  await using place = scratch();
  const key = `${place.prefix}none`;
  const { code, lines } = await onStack(["exists", key]);
  assertEquals([code, lines], [1, ["no"]]);
  for (const command of ["stat", "get", "url"]) {
    const { exitCode, message } = await failure([command, key, STATUS_FILE]);
    assertEquals([exitCode, message], [1, `there is no object ${key}`]);
  }
  assertEquals((await failure(["put", "/no/such/file", key, STATUS_FILE])).exitCode, 1);
});

Deno.test("a signed URL reads, or writes what it is bound to", async () => {
  await using place = scratch();
  const key = `${place.prefix}a.txt`;
  const put = await onStack(["url", key, "--put", "--type=text/plain", "--size=5"]);
  const stored = await fetch(put.lines[0]!, {
    method: "PUT",
    headers: { "content-type": "text/plain" },
    body: "hello",
  });
  assertEquals(stored.status, 200);
  const { url, expires_at } = (await onStack(["url", key, "--expires=60", "--json"])).json();
  assertEquals(await (await fetch(url)).text(), "hello");
  const lives = Date.parse(expires_at) - Date.now();
  assert(lives > 50_000 && lives <= 60_000);
});

Deno.test("rm deletes what no row names", async () => {
  await using place = scratch();
  const key = `${place.prefix}a`;
  await place.store.put({ key, body: text.encode("a"), size: 1, contentType: "text/plain" });
  const user = await signUp();
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image()]);
  const [live] = await keysBelow(`${user.id}/${chat_id}/`) as [string];

  const kept = await onStack(["rm", key, live, "--json"]);
  assertEquals([kept.code, kept.json()], [1, {
    deleted: 1,
    spared: [live],
    failures: [],
    missing: [],
  }]);
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), [live]);
  assertEquals((await onStack(["rm-prefix", `${user.id}/`, "--yes"])).code, 1);
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), [live]);

  const forced = await onStack(["rm", live, "--force"]);
  assertEquals([forced.code, forced.lines], [0, ["deleted 1 object"]]);
  assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
});

Deno.test("rm says which objects are not there, and deletes the others", async () => {
  await using place = scratch();
  const [key, none] = [`${place.prefix}a`, `${place.prefix}none`];
  await place.store.put({ key, body: text.encode("a"), size: 1, contentType: "text/plain" });
  const { code, lines, notes } = await onStack(["rm", key, none]);
  assertEquals([code, lines], [1, ["deleted 1 object"]]);
  assert(notes.includes(`there is no object ${none}`));
  assertEquals(await place.keys(), []);
});

Deno.test("rm keeps what rows name, also among more keys than one query answers for", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const rows = await asOperator((sql) =>
    sql`insert into chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size)
        select i.id, ${chat_id}, ${user.id}, 'a.png',
               ${`${user.id}/${chat_id}/images/`} || i.id || '.png', 'image/png', 1
        from (select gen_random_uuid() as id from generate_series(1, 1100)) i
        returning s3_path`
  );
  const { json } = await onStack(["rm", "--json", ...rows.map(({ s3_path }) => s3_path)]);
  assertEquals([json().deleted, json().spared.length], [0, 1100]);
});

Deno.test("rm-prefix asks, and says what would be lost", async () => {
  await using place = scratch();
  const { prefix, store } = place;
  for (const name of ["a", "b"]) {
    await store.put({ key: prefix + name, body: text.encode("xy"), size: 2, contentType: "a/b" });
  }
  const question = `Delete 2 objects (4 B) below ${prefix} from bucket chat-archive?`;
  const nobody = await failure(["rm-prefix", prefix, STATUS_FILE]);
  assertEquals({ ...nobody, advice: "" }, {
    advice: "",
    exitCode: 2,
    message: `${question} There is no terminal to ask at.`,
  });
  const no = await failure(["rm-prefix", prefix, STATUS_FILE], { answer: false });
  assertEquals(no.exitCode, 1);
  assertEquals((await place.keys()).length, 2);
  const yes = await onStack(["rm-prefix", prefix], { answer: true });
  assertEquals([yes.questions, yes.lines], [[question], ["deleted 2 objects"]]);
  assertEquals(await place.keys(), []);
  assertEquals((await failure(["rm-prefix", "", "--yes", STATUS_FILE])).exitCode, 2);
});

Deno.test("a bucket that is missing, refuses or is down: exit code 3, and which of them", async () => {
  const cases: [string, number, RegExp, RegExp][] = [
    ["NoSuchBucket", 404, /^bucket scripted at http:.* is not there/, /S3_BUCKET/],
    ["InvalidAccessKeyId", 403, /does not know the access key/, /S3_ACCESS_KEY/],
    ["SignatureDoesNotMatch", 403, /refuses the signature/, /S3_SECRET_KEY/],
    ["AccessDenied", 403, /refuses this key/, /S3_ACCESS_KEY/],
  ];
  for (const [code, status, message, advice] of cases) {
    // HEAD answers without a body, so that its code is not there to be read.
    await using bucket = startScriptedBucket(({ method }) =>
      method === "HEAD" ? new Response(null, { status }) : s3Error(status, code)
    );
    for (const verb of ["ls", "check"]) {
      const said = await failure([verb], { env: exported({ ...bucket.settings }) });
      assertEquals(said.exitCode, 3);
      assertMatch(said.message, message);
      assertMatch(said.advice, advice);
    }
  }
  const env = { ...exported({ bucket: "down", region: "local", accessKeyId: "a" }) };
  const down = { ...env, S3_ENDPOINT: "http://127.0.0.1:9" };
  const said = await failure(["check"], { env: down });
  assertEquals(said.exitCode, 3);
  assertMatch(said.message, /^http:\/\/127\.0\.0\.1:9 does not answer \(ECONNREFUSED\)/);
  assertMatch(said.advice, /S3_ENDPOINT/);
});

Deno.test("the bucket is that of S3_*, unless a stack is named", async () => {
  await using bucket = startScriptedBucket(() => s3Error(403, "AccessDenied"));
  const env = exported({ ...bucket.settings });
  assertEquals((await failure(["ls"], { env })).exitCode, 3);
  assertEquals((await onStack(["check"], { env })).notes[0]!.includes(stack.API_URL), true);
  const halfway = await failure(["ls"], { env: { S3_BUCKET: "abc" } });
  assertEquals(halfway.exitCode, 2);
  assertMatch(halfway.message, /S3_ACCESS_KEY is not set; S3_SECRET_KEY is not set/);
  assertMatch((await failure(["ls", "--data-dir=/no/where"])).message, /no stack is running/);
});

Deno.test("wrong arguments: exit code 2, before anything is asked of the bucket", async () => {
  const wrong = [
    [],
    ["bogus"],
    ["toString"],
    ["stat"],
    ["ls", "a", "b"],
    ["put", "file"],
    ["rm"],
    ["put", "-", "key"],
    ["put", "-", "key", "--size=1.5"],
    ["get", "key", "--range=5-2"],
    ["get", "key", "--range=x"],
    ["url", "key", "--expires=0"],
    ["url", "key", "--expires=604801"],
    ["url", "key", "--put", "--size=1"],
    ["url", "key", "--put", "--type=a/b"],
  ];
  for (const args of wrong) {
    const said = await failure([...args, STATUS_FILE]);
    assertEquals(said.exitCode, 2, args.join(" "));
  }
  assertMatch((await failure(["ls", "--bogus"])).message, /--bogus/);
});

Deno.test("as a program: lines on standard output, notes on standard error", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tools/storage.ts", "ls", "none/", STATUS_FILE],
  }).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stdout)], [0, ""]);
  assertMatch(decoder.decode(stderr), /^bucket .*\n0 objects, 0 B\n$/);
});

Deno.test("sizes for people", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [1_500_000_000, "1.5 GB"],
  ];
  for (const [bytes, described] of cases) assertEquals(describeSize(bytes), described);
});
