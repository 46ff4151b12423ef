/** What a user holds and may hold, and what the library says where that is used up. */
import { createChatArchive } from "@shared/client/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { assertCode } from "../support/client_calls.ts";
import { png } from "../support/files.ts";
import { setQuota, storedUsage } from "../support/usage.ts";
import { signUp } from "../support/users.ts";

const limits = {
  max_chats: 100_000,
  max_text_bytes: 2 ** 30,
  max_objects: 100_000,
  max_file_bytes: 10 * 2 ** 30,
};
const nothing = {
  chats: 0,
  text_bytes: 0,
  objects: 0,
  file_bytes: 0,
  reserved_objects: 0,
  reserved_bytes: 0,
};

Deno.test("usage: nothing at first, then what is held, and one's own limits", async () => {
  const user = await signUp();
  const archive = createChatArchive(user.client);
  assertEquals(await archive.usage(), { ...nothing, ...limits });
  const chat = await archive.createChat({ title: "A chat" });
  const content = new Blob([png(2, 2)], { type: "image/png" });
  await archive.uploadImages({ chat_id: chat.id, images: [{ name: "a.png", content }] });
  await setQuota(user, { max_chats: 1 });
  assertEquals(await archive.usage(), { ...(await storedUsage(user))!, ...limits, max_chats: 1 });
  const { chats, objects, file_bytes, reserved_objects } = await archive.usage();
  assertEquals([chats, objects, file_bytes, reserved_objects], [1, 1, content.size, 0]);
});

Deno.test("quota_exceeded: what is limited, what is held, what was asked", async () => {
  const user = await signUp();
  const archive = createChatArchive(user.client);
  const chat = await archive.createChat({ title: "A chat" });
  const { text_bytes } = await archive.usage();
  await setQuota(user, {
    max_chats: 1,
    max_text_bytes: text_bytes,
    max_objects: 0,
    max_file_bytes: 9,
  });
  const more = { chat_id: chat.id, role: "user", content: "ж" } as const;
  const image = { name: "a.png", content: new Blob([png(2, 2)], { type: "image/png" }) };
  for (
    const [act, details] of [
      [() => archive.createChat({ title: "x" }), {
        quota: "max_chats",
        limit: 1,
        used: 1,
        asked: 1,
      }],
      [() => archive.addMessage(more), {
        quota: "max_text_bytes",
        limit: text_bytes,
        used: text_bytes,
        asked: 260,
      }],
      [
        () =>
          archive.saveMessages({
            chat_id: chat.id,
            messages: [{ ...more, id: crypto.randomUUID() }],
          }),
        { quota: "max_text_bytes", limit: text_bytes, used: text_bytes, asked: 260 },
      ],
    ] as const
  ) {
    const error = await assertCode(act as () => Promise<unknown>, "quota_exceeded");
    assertEquals(error.details as unknown, details);
    assert(error.message.endsWith(": the quota is used up"), error.message);
  }
  await setQuota(user, { max_objects: 0 });
  const refused = await assertCode(
    () => archive.uploadImages({ chat_id: chat.id, images: [image] }),
    "quota_exceeded",
  );
  assertEquals(refused.details as unknown, { quota: "max_objects", limit: 0, used: 0, asked: 1 });
  assertEquals((await archive.usage()).reserved_objects, 0, "nothing half done");
});
