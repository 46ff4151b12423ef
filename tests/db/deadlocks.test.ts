/**
 * Writers that lock rows in opposite directions: the database may have one of them try again, which
 * `query` does; nothing else ever fails, and nothing stays half done.
 */
import type postgres from "postgres";
import { query } from "@shared/query.ts";
import { assertEquals } from "@std/assert";
import { confirmedFiles } from "../support/confirmed_files.ts";
import { seeded, type Session, withSessions } from "../support/sessions.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const ROUNDS = 15;
const user = await signUp();
const random = seeded(13);

type Work = (tx: postgres.TransactionSql) => Promise<unknown>;

/** Runs work as the client library and the functions run a request: again after a lost deadlock. */
function retried(session: Session, work: Work) {
  return query(() =>
    session.begin(work).then(
      () => ({ data: null, error: null }),
      ({ code, message }) => ({ data: null, error: { code, message } }),
    )
  );
}

/** Starts several at random moments of a few milliseconds, and waits for all. */
function together(...works: (() => Promise<unknown>)[]): Promise<unknown> {
  return Promise.all(works.map(async (work) => {
    await new Promise((resolve) => setTimeout(resolve, random() * 4));
    await work();
  }));
}

const left = (chat_id: string) =>
  asOperator(async (sql) => {
    const [row] = await sql<[Record<"chats" | "documents" | "images" | "messages", number>]>`
      select (select count(*)::int from chats where id = ${chat_id}) as chats,
             (select count(*)::int from chat_documents where chat_id = ${chat_id}) as documents,
             (select count(*)::int from chat_images where chat_id = ${chat_id}) as images,
             (select count(*)::int from chat_messages where chat_id = ${chat_id}) as messages`;
    return { ...row };
  });

async function addMessage(chat_id: string): Promise<string> {
  const { data, error } = await user.client.from("chat_messages")
    .insert({ chat_id, role: "user", content: "x" }).select("id").single();
  assertEquals(error, null);
  return data!.id;
}

const remove = (table: string, id: string): Work => (tx) =>
  tx`delete from ${tx(table)} where id = ${id}`;

Deno.test("a chat goes while its documents and messages are deleted", async () => {
  await withSessions(user, 3, async (first, second, third) => {
    for (let round = 0; round < ROUNDS; round++) {
      const chat_id = await user.createChat();
      const message_id = await addMessage(chat_id);
      const { document } = await confirmedFiles(chat_id, user.id, { message_id });
      await together(
        () => retried(first!, (tx) => tx`select delete_chats_slice(array[${chat_id}]::uuid[])`),
        () => retried(second!, remove("chat_documents", document)),
        () => retried(third!, remove("chat_messages", message_id)),
      );
      assertEquals(await left(chat_id), { chats: 0, documents: 0, images: 0, messages: 0 });
    }
  });
});

Deno.test("files are confirmed while the document that they show is deleted", async () => {
  await withSessions(user, 1, async (session) => {
    for (let round = 0; round < ROUNDS; round++) {
      const chat_id = await user.createChat();
      const { document } = await confirmedFiles(chat_id, user.id);
      const image = crypto.randomUUID();
      await asOperator(async (sql) => {
        await sql`
          insert into uploads
            (id, chat_id, user_id, document_id, file_name, content_type, file_size, sha256)
          values (${image}, ${chat_id}, ${user.id}, ${document}, 'a.png', 'image/png', 1,
                  ${"0".repeat(64)})`;
        const [attempt] = await sql`select id, key from begin_confirm(array[${image}]::uuid[])`;
        const confirming: Session = { begin: (work) => sql.begin(work) as never };
        await together(
          () =>
            retried(confirming, (tx) => tx`select confirm_uploads(${tx.json([{ ...attempt }])})`),
          () => retried(session!, remove("chat_documents", document)),
        );
      });
      assertEquals(await left(chat_id), { chats: 1, documents: 0, images: 2, messages: 0 });
      const [row] = await asOperator((sql) =>
        sql`select document_path from chats where id = ${chat_id}`
      );
      assertEquals(row!["document_path"], null);
    }
  });
});

Deno.test("two documents that are deleted together leave the path of the third", async () => {
  await withSessions(user, 2, async (first, second) => {
    const chat_id = await user.createChat();
    const documents: string[] = [];
    for (let n = 0; n < 3; n++) documents.push((await confirmedFiles(chat_id, user.id)).document);
    let other: Promise<unknown> = Promise.resolve();
    await first!.begin(async (tx) => {
      await remove("chat_documents", documents[0]!)(tx);
      other = second!.begin(remove("chat_documents", documents[1]!));
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    await other;
    const [row] = await asOperator((sql) =>
      sql`select document_path from chats where id = ${chat_id}`
    );
    assertEquals(
      row!["document_path"],
      `${user.id}/${chat_id}/documents/${documents[2]}-1.pdf`,
    );
  });
});

Deno.test("an image is attached to a message that is deleted", async () => {
  await withSessions(user, 2, async (first, second) => {
    for (let round = 0; round < ROUNDS; round++) {
      const chat_id = await user.createChat();
      const [from, to] = [await addMessage(chat_id), await addMessage(chat_id)];
      const { image } = await confirmedFiles(chat_id, user.id, { message_id: from });
      await together(
        () =>
          retried(first!, (tx) => tx`update chat_images set message_id = ${to} where id = ${image}`)
            .catch((error) =>
              // The message was gone first.
              assertEquals(error.code, "not_found")
            ),
        () => retried(second!, remove("chat_messages", round % 2 ? from : to)),
      );
      assertEquals((await left(chat_id)).messages, 1);
    }
  });
});
