/** Writers that meet do not block each other crosswise, and who loses a deadlock tries again. */
import { createChatArchive, type Image } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { eventually } from "../support/eventually.ts";
import { asOperator } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

const user = await signUp();

/** A client whose answers are looked at: how many of them report a lost deadlock. */
function watched() {
  let lost = 0;
  const supabase = apiClient({
    token: user.token,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (!response.ok && (await response.clone().text()).includes("40P01")) lost++;
      return response;
    },
  });
  return { archive: createChatArchive(supabase, { useDatabase: true }), lost: () => lost };
}

Deno.test("batches over two chats in opposite order do not deadlock", async () => {
  const { archive, lost } = watched();
  const [a, b] = [await user.createChat("a"), await user.createChat("b")];
  const batch = (chat_id: string, writer: number) =>
    archive.addMessages({
      chat_id,
      messages: Array.from({ length: 100 }, (_, n) => ({
        role: "user" as const,
        content: `${writer}.${n}`,
      })),
    });
  await Promise.all(Array.from({ length: 8 }, async (_, writer) => {
    const order = writer % 2 ? [a, b] : [b, a];
    for (let turn = 0; turn < 3; turn++) {
      await Promise.all(order.map((chat_id) => batch(chat_id, writer)));
    }
  }));
  for (const chat_id of [a, b]) {
    const read = await Array.fromAsync(archive.messages({ chat_id }));
    assertEquals(read.length, 2400);
    for (let start = 0; start < read.length; start += 100) {
      const [writer] = read[start]!.content.split(".");
      assertEquals(
        read.slice(start, start + 100).map(({ content }) => content),
        Array.from({ length: 100 }, (_, n) => `${writer}.${n}`),
        "a batch stays together",
      );
    }
  }
  assertEquals(lost(), 0);
});

Deno.test("a transaction that lost a deadlock is run again", async () => {
  const { archive, lost } = watched();
  const chat_id = await user.createChat();
  const ids = [crypto.randomUUID(), crypto.randomUUID()];
  await asOperator(async (sql) => {
    for (const id of ids) {
      await sql`
        insert into chat_images (id, chat_id, user_id, image_name, s3_path, content_type, file_size)
        values (${id}, ${chat_id}, ${user.id}, 'a.png',
                ${`${user.id}/${chat_id}/images/${id}-1.png`}, 'image/png', 1)`;
    }
  });
  const { id: message_id } = await archive.addMessage({ chat_id, role: "user", content: "x" });
  /** Takes the images in the other order, and waits for the library, which waits for this. */
  const meetCrosswise = async () => {
    let attached: Promise<Image[]> | undefined;
    await asOperator((sql) =>
      sql.begin(async (tx) => {
        await tx`select 1 from chat_images where id = ${ids[1]!} for update`;
        attached = archive.attachImages({ message_id, ids });
        attached.catch(() => {});
        await eventually(
          "the library waits for a lock",
          async () => (await tx`select 1 from pg_locks where not granted`).length > 0,
        );
        await tx`select 1 from chat_images where id = ${ids[0]!} for update`;
      })
    ).catch((error) => {
      if (error.code !== "40P01") throw error;
    });
    return await attached!;
  };
  // The library waits first and so is cancelled first, unless this process is very slow.
  for (let attempt = 1; lost() === 0 && attempt <= 5; attempt++) {
    const attached = await meetCrosswise();
    assertEquals(attached.map((image) => image.message_id), [message_id, message_id]);
  }
  assert(lost() > 0);
});
