/** What users hold is counted exactly, whatever they and the worker do at the same time. */
import type postgres from "postgres";
import { assert, assertEquals } from "@std/assert";
import { seeded, type Session, withSessions } from "../support/sessions.ts";
import { confirmAll } from "../support/confirmed_files.ts";
import { asOperator } from "../support/stack.ts";
import { setQuota, storedUsage, usageOfRows } from "../support/usage.ts";
import { signUp, type User } from "../support/users.ts";

const pick = <T>(list: T[], random: () => number) => list[Math.floor(random() * list.length)];

const idsOf = async (tx: postgres.ISql, table: string, user: User) =>
  (await tx`select id from ${tx(table)} where user_id = ${user.id} order by id limit 50`)
    .map(({ id }) => id as string);

type Step = (
  tx: postgres.TransactionSql,
  facts: { user: User; chat: string; random: () => number },
) => Promise<unknown>;

const text = (random: () => number, most: number) => "ä".repeat(Math.floor(random() * most));

const reserve: Step = (tx, { chat, random }) =>
  tx`insert into uploads
       (chat_id, kind, file_name, content_type, file_size, description, sha256)
     select ${chat}, k, 'ф.png', case k when 'image' then 'image/png' else 'application/pdf' end,
            1000, ${text(random, 30)}, repeat('0', 64)
     from unnest(array['image', 'document', 'image']) k`;

/**
 * What a signed-in user can do. One row at a time, where no function orders them: two statements that
 * lock several rows in different orders can lose a deadlock without any counting.
 */
const STEPS: Step[] = [
  (tx, { random }) =>
    tx`insert into chats (title, description, metadata, external_id) values
         ('ж', ${text(random, 100)}, ${tx.json({ a: text(random, 9) })}, ${crypto.randomUUID()})`,
  (tx, { chat, random }) =>
    tx`update chats set title = ${"t" + text(random, 9)}, description = ${text(random, 50)},
       is_archived = not is_archived where id = ${chat}`,
  (tx, { chat, random }) =>
    tx`insert into chat_messages (chat_id, role, content, parts)
       select ${chat}, 'user', ${text(random, 300)}, '[{"type": "text", "text": "x"}]'
       from generate_series(1, ${Math.ceil(random() * 20)}::int)`,
  (tx, { chat, random }) =>
    tx`update chat_messages set content = ${text(random, 300)}
       where id in (select id from chat_messages where chat_id = ${chat} order by seq limit 1)`,
  async (tx, { user, chat, random }) => {
    const known = await idsOf(tx, "chat_messages", user);
    const mine = await tx`select id from chat_messages
      where chat_id = ${chat} and id = any (${known}::uuid[])`;
    const messages = [
      ...mine.slice(0, 2).map(({ id }) => ({ id, role: "user", content: text(random, 200) })),
      { id: crypto.randomUUID(), role: "user", content: text(random, 100) },
    ];
    await tx`select from save_messages(${chat}, ${tx.json(messages)},
                                       ${mine.slice(2, 5).map(({ id }) => id)}::uuid[])`;
  },
  (tx, { chat, random }) =>
    tx`insert into search_results (chat_id, block_id, page_number, block_text, coords_norm)
       select ${chat}, 'b', 1, ${text(random, 90)}, '[0, 0, 1, 0.5]'
       from generate_series(1, ${Math.ceil(random() * 5)}::int)`,
  reserve,
  (tx, { user, random }) =>
    tx`update chat_images set description = ${text(random, 60)} where id in (
         select id from chat_images where user_id = ${user.id} order by id limit 1)`,
  (tx, { user, random }) =>
    tx`update chat_documents set name = ${"n" + text(random, 60)}, metadata = '{"a": 1}'
       where id in (
         select id from chat_documents where user_id = ${user.id} order by id limit 1)`,
  (tx, { user }) =>
    tx`delete from chat_images where id = (
         select id from chat_images where user_id = ${user.id} order by id limit 1)`,
  (tx, { chat }) =>
    tx`delete from chat_messages where id in (
         select id from chat_messages where chat_id = ${chat} order by seq limit 1)`,
  (tx, { chat }) => tx`select delete_messages(${chat}, after_seq => 0, max_rows => 4)`,
];

/**
 * What locks a chat and its documents in opposite directions (see deadlocks.test.ts): no user has both.
 */
const DELETIONS: Step[] = [
  (tx, { chat, random }) =>
    random() < 0.3
      ? tx`select delete_chats_slice(array[${chat}]::uuid[], max_rows => 10)`
      : tx`select 1`,
  (tx, { user }) =>
    tx`delete from chat_documents where id = (
         select id from chat_documents where user_id = ${user.id} order by id limit 1)`,
];

/** What functions, operators and the worker do beside it. */
async function serveOthers(sql: postgres.Sql, users: User[], random: () => number) {
  const { id } = pick(users, random)!;
  const uploads = await sql`
    select id from uploads where user_id = ${id} and status = 'reserved' order by id limit 3`;
  await confirmAll(sql, uploads.map(({ id }) => id));
  // Some close.
  await sql`
    with first as (
      select incoming_path from private.reservations where user_id = ${id}
      order by incoming_path limit 1
    )
    update private.reservations r set closes_at = now() from first
    where r.incoming_path = first.incoming_path`;
  await sql`select tidy_usage(5)`;
  if (random() < 0.2) await sql`select recount_usage(${id})`;
}

/** Takes random steps. @returns codes of what failed */
async function takeSteps(
  session: Session,
  user: User,
  { seed, count, steps }: { seed: number; count: number; steps: Step[] },
) {
  const random = seeded(seed);
  const failures: string[] = [];
  for (let n = 0; n < count; n++) {
    // A transaction of its own: two inserts in one need not be free of deadlocks.
    const chats = await session.begin(async (tx) => {
      const chats = await idsOf(tx, "chats", user);
      if (chats.length > 0) return chats;
      return (await tx`insert into chats (title) values ('first') returning id`)
        .map(({ id }) => id as string);
    });
    await session.begin(async (tx) => {
      const chat = pick(chats, random)!;
      await pick(steps, random)!(tx, { user, chat, random });
      // A step that is taken back leaves nothing.
      if (random() < 0.1) throw Object.assign(new Error(), { code: "UNDONE" });
    }).catch(({ code, where }) => failures.push(code === "40P01" ? `${code} ${where}` : `${code}`));
  }
  return failures;
}

Deno.test("a random run: usage is the sum of the rows, and no step loses a deadlock", async () => {
  const users = [await signUp(), await signUp(), await signUp()];
  const failures = (await Promise.all(
    users.map((user, n) =>
      withSessions(user, 2, async (...sessions) => {
        const steps = [...STEPS, DELETIONS[n % DELETIONS.length]!];
        const runs = sessions.map((session, m) =>
          takeSteps(session, user, { seed: 10 * n + m, count: 150, steps })
        );
        return (await Promise.all(runs)).flat();
      })
    ).concat([
      asOperator(async (sql) => {
        const random = seeded(99);
        for (let n = 0; n < 150; n++) await serveOthers(sql, users, random);
        return [];
      }),
    ]),
  )).flat();
  // Which nobody confirms or closes any more.
  for (const user of users) {
    const chat = await user.createChat();
    await withSessions(
      user,
      1,
      (session) => session.begin((tx) => reserve(tx, { user, chat, random: seeded(1) })),
    );
  }
  const counts = Object.groupBy(failures, (code) => code);
  // A chat may go while the other session names it; nothing else fails.
  assertEquals(
    Object.keys(counts).filter((code) => !["UNDONE", "23503"].includes(code)),
    [],
    JSON.stringify(counts),
  );
  await asOperator((sql) => sql`select tidy_usage()`);
  for (const user of users) {
    const stored = await storedUsage(user);
    assert(stored!.text_bytes > 10_000 && stored!.reserved_objects > 0, JSON.stringify(stored));
    assertEquals(stored, await usageOfRows(user));
    const { data } = await user.client.rpc("my_usage").single();
    for (const [name, value] of Object.entries(stored!)) {
      assertEquals((data as unknown as Record<string, number>)[name], value, name);
    }
    const [row] = await asOperator((sql) => sql`select recount_usage(${user.id}) as differed`);
    assertEquals(row!["differed"], false);
  }

  // Chats by slices, by one statement, and the account: nothing is left, and no row comes back.
  const [first, second, third] = users as [User, User, User];
  await withSessions(
    first,
    1,
    (session) =>
      session.begin((tx) =>
        tx`select delete_chats_slice(array(select id from chats), max_rows => 10)`
      ),
  );
  await asOperator(async (sql) => {
    await sql`delete from chats where user_id = ${second.id}`;
    await sql`delete from auth.users where id = ${third.id}`;
  });
  for (const user of [first, second]) {
    const left = await storedUsage(user);
    assertEquals(left, await usageOfRows(user));
    assertEquals([left!.chats, left!.text_bytes, left!.objects, left!.file_bytes], [0, 0, 0, 0]);
    assert(left!.reserved_objects > 0, "URLs are still out");
  }
  assertEquals(await storedUsage(third), undefined);
  await asOperator(async (sql) => {
    await sql`update private.reservations set closes_at = now()
              where user_id in ${sql([first.id, second.id])}`;
    await sql`select tidy_usage()`;
    const [row] = await sql`
      select (select count(*)::int from private.usage_deltas) as deltas,
             (select count(*)::int from private.reservations where user_id = ${third.id}) as rows`;
    assertEquals({ ...row }, { deltas: 0, rows: 0 });
  });
  for (const user of [first, second]) assertEquals((await storedUsage(user))!.reserved_objects, 0);
});

/** The error of a quota, as supabase-js gives it. */
function quotaError(error: { code: string; message: string; details: string } | null) {
  return error && { code: error.code, message: error.message, ...JSON.parse(error.details) };
}

Deno.test("at the limit, one above, and two at the same time: the last byte is given once", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const message = { chat_id, role: "user", content: "x".repeat(1000) };
  const size = 256 + 1000 + 2;
  const { text_bytes } = (await storedUsage(user))!;
  await setQuota(user, { max_text_bytes: text_bytes + 2 * size });
  const insert = (rows: unknown) => user.client.from("chat_messages").insert(rows as never);

  const above = await insert([message, { ...message, content: `${message.content}y` }]);
  assertEquals([above.status, quotaError(above.error as never)], [429, {
    code: "PT429",
    message: "text_bytes: the quota is used up",
    quota: "max_text_bytes",
    limit: text_bytes + 2 * size,
    used: text_bytes,
    asked: 2 * size + 1,
  }]);
  assertEquals((await insert(message)).status, 201);
  const answers = await Promise.all(Array.from({ length: 8 }, () => insert(message)));
  assertEquals(answers.map(({ status }) => status).toSorted(), [201, ...Array(7).fill(429)]);
  assertEquals((await storedUsage(user))!.text_bytes, text_bytes + 2 * size, "at the limit");

  // What asks for nothing more is not refused, nor is a deletion; and what it gives back can be used.
  const { data } = await user.client.from("chat_messages").select("id").order("seq");
  const [{ id }, other] = data as [{ id: string }, { id: string }];
  const update = (content: string) =>
    user.client.from("chat_messages").update({ content }).eq("id", id);
  assertEquals((await update("y".repeat(1000))).status, 204);
  assertEquals((await update("y".repeat(1001))).status, 429);
  await setQuota(user, { max_text_bytes: 0 });
  assertEquals((await update("y".repeat(999))).status, 204, "less than before");
  const renamed = await user.client.from("chats").update({ title: "B chat" }).eq("id", chat_id);
  assertEquals(renamed.status, 204);
  assertEquals((await user.client.from("chat_messages").delete().eq("id", other.id)).status, 204);
  await setQuota(user, { max_text_bytes: text_bytes + 2 * size - 1 });
  assertEquals((await insert(message)).status, 201);
});

Deno.test("a writer waits for one that has not committed, and counts it", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  const { text_bytes } = (await storedUsage(user))!;
  await setQuota(user, { max_text_bytes: text_bytes + 259 });
  const add = (tx: postgres.TransactionSql) =>
    tx`insert into chat_messages (chat_id, role, content) values (${chat_id}, 'user', 'x')`;
  await withSessions(user, 2, async (first, second) => {
    for (const commits of [false, true]) {
      let later: Promise<unknown> = Promise.resolve();
      await first!.begin(async (tx) => {
        await add(tx);
        later = second!.begin(add).then(() => "stored", ({ code }) => code);
        await Promise.race([later, new Promise((done) => setTimeout(done, 300))]);
        if (!commits) throw new Error("undone");
      }).catch(() => {});
      assertEquals(await later, commits ? "PT429" : "stored");
      await asOperator((sql) => sql`delete from chat_messages where chat_id = ${chat_id}`);
    }
  });
});

Deno.test("chats, objects and bytes of files: each has its limit, and reservations count", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  await setQuota(user, { max_chats: 2, max_objects: 3, max_file_bytes: 2500 });
  const chat = () => user.client.from("chats").insert({ title: "x" });
  assertEquals((await chat()).status, 201);
  assertEquals(quotaError((await chat()).error as never), {
    code: "PT429",
    message: "chats: the quota is used up",
    quota: "max_chats",
    limit: 2,
    used: 2,
    asked: 1,
  });
  const reserve = (file_size: number, id = crypto.randomUUID()) =>
    user.client.from("uploads").insert({
      id,
      chat_id,
      file_name: "a.png",
      content_type: "image/png",
      file_size,
      sha256: "0".repeat(64),
    });
  const first = crypto.randomUUID();
  assertEquals((await reserve(1000, first)).status, 201);
  assertEquals((await reserve(1500)).status, 201);
  const { quota, used, asked } = quotaError((await reserve(1)).error as never)!;
  assertEquals([quota, used, asked], ["max_file_bytes", 2500, 1]);
  await setQuota(user, { max_objects: 2 });
  assertEquals(quotaError((await reserve(1)).error as never)?.quota, "max_objects");

  // Confirmed at the limit, deleted, and its chat gone: all the time it counts once.
  const counted = async () => {
    const { objects, file_bytes, reserved_objects, reserved_bytes } = (await storedUsage(user))!;
    return [objects, file_bytes, reserved_objects, reserved_bytes];
  };
  assertEquals(await counted(), [0, 0, 2, 2500]);
  await asOperator((sql) => confirmAll(sql, [first]));
  assertEquals(await counted(), [1, 1000, 1, 1500]);
  assertEquals((await user.client.from("chat_images").delete().eq("id", first)).status, 204);
  assertEquals(await counted(), [0, 0, 2, 2500], "its URL still takes bytes");
  assertEquals((await user.client.from("chats").delete().eq("id", chat_id)).status, 204);
  assertEquals(await counted(), [0, 0, 2, 2500]);
  const again = await user.createChat();
  const one = {
    chat_id: again,
    file_name: "a",
    content_type: "image/png",
    file_size: 1,
    sha256: "0".repeat(64),
  };
  const refused = await user.client.from("uploads").insert(one);
  assertEquals(refused.status, 429);

  // What has closed makes room at once, with no worker in between.
  await asOperator((sql) =>
    sql`update private.reservations set closes_at = now() where user_id = ${user.id}`
  );
  const stored = await user.client.from("uploads").insert(one);
  assertEquals(stored.status, 201);
  assertEquals(await counted(), [0, 0, 1, 1]);
});

Deno.test("a reservation that is prolonged counts for as long as that says", async () => {
  const user = await signUp();
  const chat_id = await user.createChat();
  await asOperator(async (sql) => {
    const [row] = await sql`
      insert into uploads (user_id, chat_id, file_name, content_type, file_size, sha256)
      values (${user.id}, ${chat_id}, 'a', 'image/png', 7, repeat('0', 64)) returning id`;
    await sql`update uploads set expires_at = expires_at + interval '1 hour' where id = ${
      row!["id"]
    }`;
    const [{ same } = { same: false }] = await sql`
      select r.closes_at = u.closes_at as same from uploads u
      join private.reservations r on r.upload_id = u.id where u.id = ${row!["id"]}`;
    assertEquals(same, true);
  });
  assertEquals((await storedUsage(user))!.reserved_bytes, 7);
});

Deno.test("slices of a deletion beside inserts: nobody loses a deadlock, and no insert waits for it", async () => {
  const user = await signUp();
  const [large, busy] = [await user.createChat(), await user.createChat()];
  await asOperator((sql) =>
    sql`insert into chat_messages (chat_id, user_id, role, content)
        select ${large}, ${user.id}, 'user', 'x' from generate_series(1, 20000)`
  );
  await withSessions(user, 5, async (deleter, ...writers) => {
    let done = false;
    const deleting = (async () => {
      for (let slices = 1;; slices++) {
        const finished = await deleter!.begin(async (tx) => {
          const [row] = await tx`
            select delete_chats_slice(array[${large}]::uuid[], budget_seconds => 0.02, max_rows => 500)
              as finished`;
          // The transaction is still open: what writers do meanwhile does not wait for it.
          const started = performance.now();
          await writers[0]!.begin((tx) =>
            tx`insert into chat_messages (chat_id, role, content) values (${busy}, 'user', 'x')`
          );
          assert(performance.now() - started < 5000);
          return row!["finished"];
        });
        if (finished) return slices;
      }
    })().finally(() => done = true);
    const writing = writers.slice(1).map(async (session, n) => {
      let written = 0;
      while (!done) {
        const messages = [{ id: crypto.randomUUID(), role: "user", content: `${n}` }];
        await session.begin((tx) => tx`select from save_messages(${busy}, ${tx.json(messages)})`);
        written++;
      }
      return written;
    });
    const [slices, ...written] = await Promise.all([deleting, ...writing]);
    assert(slices > 3 && written.every((count) => count > 3), `${slices}; ${written}`);
  });
  assertEquals(await storedUsage(user), await usageOfRows(user));
});
