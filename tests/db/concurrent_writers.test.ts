/** Two writers of one chat: what each of them added stays, and neither waits for the other for ever. */
import type postgres from "postgres";
import { assert, assertEquals } from "@std/assert";
import { confirmedFiles } from "../support/confirmed_files.ts";
import { seeded, type Session, withSessions } from "../support/sessions.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const ROUNDS = 60;
const user = await signUp();

interface Message {
  id: string;
  role: string;
  content: string;
  parts?: string[];
}

const message = (content: string): Message => ({ id: crypto.randomUUID(), role: "user", content });

async function save(
  session: Session,
  chat_id: string,
  messages: Message[],
  replaces: string[] = [],
): Promise<postgres.RowList<postgres.Row[]>> {
  return await session.begin((tx) =>
    tx`select * from save_messages(${chat_id}, ${tx.json(messages as never)}, ${replaces}::uuid[])`
  );
}

const stored = (chat_id: string) =>
  asOperator((sql) =>
    sql<{ id: string; content: string }[]>`
      select id, content from chat_messages where chat_id = ${chat_id} order by seq`
  );

/** A writer with a list of its own: each round it adds, changes and drops some of what it knows. */
async function writeRounds(
  session: Session,
  chat_id: string,
  { name, seed, list }: { name: string; seed: number; list: Message[] },
): Promise<{ list: Message[]; dropped: Set<string> }> {
  const random = seeded(seed);
  const dropped = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const known = list.map(({ id }) => id);
    list = list.filter(() => random() > 0.05)
      .map((one) => random() > 0.5 ? { ...one, content: `${name} ${round}` } : one);
    list.push(...Array.from({ length: Math.floor(random() * 4) }, () => message(name)));
    const kept = new Set(list.map(({ id }) => id));
    for (const id of known) if (!kept.has(id)) dropped.add(id);
    await save(session, chat_id, list, known);
  }
  return { list, dropped };
}

/** Pages by seq until the writers are done. @returns the ids that it saw */
async function pageWhile(session: Session, chat_id: string, writers: Promise<unknown>) {
  let writing = true;
  writers.finally(() => writing = false).catch(() => {});
  const seen: string[] = [];
  let after = "0";
  for (let last = false; !last;) {
    last = !writing;
    const rows = await session.begin((tx) =>
      tx<{ id: string; seq: string }[]>`
        select id, seq from chat_messages_page(${chat_id}, ${after})`
    );
    seen.push(...rows.map(({ id }) => id));
    after = rows.at(-1)?.seq ?? after;
  }
  return seen;
}

Deno.test("two lists: no new message of one is removed by the other, and readers miss none", async () => {
  const chat_id = await user.createChat();
  await withSessions(user, 3, async (first, second, reader) => {
    const shared = Array.from({ length: 10 }, (_, n) => message(`shared ${n}`));
    await save(first!, chat_id, shared);
    const writers = Promise.all([
      writeRounds(first!, chat_id, { name: "first", seed: 1, list: shared }),
      writeRounds(second!, chat_id, { name: "second", seed: 2, list: shared }),
    ]);
    const [seen, results] = await Promise.all([pageWhile(reader!, chat_id, writers), writers]);
    const ids = (await stored(chat_id)).map(({ id }) => id);
    const sharedIds = new Set(shared.map(({ id }) => id));
    for (const { list, dropped } of results) {
      const own = list.filter(({ id }) => !sharedIds.has(id)).map(({ id }) => id);
      assert(own.length > 10, "many were added");
      assertEquals(
        own.filter((id) => !ids.includes(id)),
        [],
        "all that it added and kept are there",
      );
      assertEquals(
        [...dropped].filter((id) => !sharedIds.has(id) && ids.includes(id)),
        [],
        "and what it dropped is gone",
      );
    }
    assertEquals(ids.filter((id) => !seen.includes(id)), [], "the reader saw all that is there");
    // A shared one that was dropped by one and kept by the other came back, at the end.
    const once = seen.filter((id) => !sharedIds.has(id));
    assertEquals(once.length, new Set(once).size, "none of them twice");
  });
});

Deno.test("of a message that both write, the later value stands whole", async () => {
  const chat_id = await user.createChat();
  const shared = message("one");
  await withSessions(user, 2, async (first, second) => {
    await save(first!, chat_id, [shared]);
    for (let round = 0; round < ROUNDS / 3; round++) {
      const values = [`first ${round}`, `second ${round}`];
      const answers = await Promise.all(
        [first!, second!].map((session, n) =>
          save(session, chat_id, [{ ...shared, content: values[n]! }])
        ),
      );
      assertEquals(answers.map(([row]) => row!["content"]), values, "each is told its own");
      const [row] = await stored(chat_id);
      assert(values.includes(row!.content), row!.content);
    }
  });
});

Deno.test("a list that leaves a column out does not write over what another is just writing", async () => {
  const chat_id = await user.createChat();
  const shared = message("begun");
  await withSessions(user, 2, async (streaming, saving) => {
    await save(saving!, chat_id, [shared]);
    let saved: Promise<unknown> = Promise.resolve();
    await streaming!.begin(async (tx) => {
      await tx`update chat_messages set content = 'whole' where id = ${shared.id}`;
      saved = saving!.begin((tx) =>
        tx`select from save_messages(${chat_id},
             ${tx.json([{ id: shared.id, metadata: { a: 1 } }])})`
      );
      await someoneWaits();
    });
    await saved;
  });
  const [row] = await asOperator((sql) =>
    sql`select content, metadata from chat_messages where id = ${shared.id}`
  );
  assertEquals({ ...row }, { content: "whole", metadata: { a: 1 } });
});

/** Returns when a session of the database waits for a lock. */
async function someoneWaits(): Promise<void> {
  await asOperator(async (sql) => {
    for (;;) {
      const [row] = await sql`select exists (
        select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
      ) as waits`;
      if (row!["waits"]) return;
    }
  });
}

Deno.test("a list beside deletions: what neither names stays", async () => {
  const chat_id = await user.createChat();
  const deleted = new Set<string>();
  await withSessions(user, 2, async (writer, deleter) => {
    let done = false;
    const deleting = (async () => {
      const random = seeded(4);
      while (!done) {
        const gone = await deleter!.begin(async (tx) => {
          const rows = await tx<{ id: string }[]>`
            select id from chat_messages where chat_id = ${chat_id} order by seq`;
          const ids = rows.map(({ id }) => id).filter(() => random() < 0.1);
          return random() < 0.5
            ? await tx<{ id: string }[]>`select delete_messages(${chat_id}, ${ids}::uuid[]) as id`
            : await tx<{ id: string }[]>`
                delete from chat_messages where id = ${ids[0] ?? null} returning id`;
        });
        for (const { id } of gone) deleted.add(id);
      }
    })();
    const written = writeRounds(writer!, chat_id, { name: "writer", seed: 3, list: [] })
      .finally(() => done = true);
    const [{ list }] = await Promise.all([written, deleting]);
    const ids = (await stored(chat_id)).map(({ id }) => id);
    assert(deleted.size > 5, `${deleted.size} were deleted`);
    assertEquals(list.filter(({ id }) => !deleted.has(id) && !ids.includes(id)), []);
  });
});

Deno.test("an image that a list begins to name while its message is deleted is kept or refused", async () => {
  const chat_id = await user.createChat();
  const outcomes = new Map<string, number>();
  await withSessions(user, 2, async (writer, deleter) => {
    for (let round = 0; round < ROUNDS / 3; round++) {
      const holder = message("has the image");
      await save(writer!, chat_id, [holder]);
      const { image } = await confirmedFiles(chat_id, user.id, { message_id: holder.id });
      const naming = { ...message("names it"), parts: [`chat-archive:image/${image}`] };
      const [saved] = await Promise.all([
        save(writer!, chat_id, [naming]).then(() => "saved", ({ code, message }) => {
          assertEquals({ code, message }, {
            code: "23503",
            message: `parts: the chat has no image ${image}`,
          });
          return "refused";
        }),
        deleter!.begin((tx) => tx`select delete_messages(${chat_id}, array[${holder.id}]::uuid[])`),
      ]);
      outcomes.set(saved, (outcomes.get(saved) ?? 0) + 1);
      const rows = await asOperator((sql) =>
        sql`select message_id from chat_images where id = ${image}`
      );
      assertEquals(
        rows.map(({ message_id }) => message_id),
        saved === "saved" ? [naming.id] : [],
        saved,
      );
    }
  });
  assert((outcomes.get("saved") ?? 0) > 0, "the list was first at least once");
});
