/** The functions' process is killed (-9) between any two steps of a deletion: nothing is lost. */
import { eachOf } from "@shared/async.ts";
import { assert, assertEquals } from "@std/assert";
import {
  cleanup,
  endLeases,
  enqueueKeys,
  entriesOf,
  openEntriesOf,
  settleAll,
} from "../support/deletion.ts";
import { startMortalStack } from "../support/failpoints.ts";
import { image, store, uploadAll } from "../support/files.ts";
import { asOperator, keysBelow } from "../support/stack.ts";
import { signUp, type User } from "../support/users.ts";

/** A user with a chat of two images, and another chat that has to stay. */
async function owner(status: Parameters<typeof signUp>[0]) {
  const user = await signUp(status);
  const chat_id = await user.createChat();
  await uploadAll(user, chat_id, [image("1.png", 1), image("2.png", 2)]);
  const kept = await user.createChat();
  await uploadAll(user, kept, [image("3.png", 3)]);
  return { user, chat_id, kept };
}

const chatsOf = async (user: User) =>
  (await user.client.from("chats").select("id")).data!.map(({ id }) => id);

Deno.test("a deletion is killed between two steps", async (t) => {
  await using mortal = await startMortalStack();
  const { status } = mortal;
  // What other tests left due must not be in the way of this one's failpoints.
  await cleanup();

  await t.step("after the commit: the chat is gone, its bytes follow", async () => {
    const { user, chat_id, kept } = await owner(status);
    await mortal.killAt("delete.committed", () => user.call("delete-chat", { chat_id }));
    assertEquals(await chatsOf(user), [kept]);
    assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 2);

    await cleanup();
    assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
    assertEquals((await keysBelow(`${user.id}/${kept}/`)).length, 1);
    const { status: code, body } = await user.call("delete-chat", { chat_id });
    assertEquals([code, body.deletions[0].objects_deleted], [200, 2]);
  });

  await t.step("with entries claimed: nobody has them until the lease is over", async () => {
    const { user, chat_id, kept } = await owner(status);
    await mortal.killAt("sweep.claimed", () => user.call("delete-chat", { chat_id }));
    const { status: code, body } = await user.call("delete-chat", { chat_id });
    assertEquals(code, 202, JSON.stringify(body));
    assertEquals(body.deletions[0].status, "pending", "the truth");
    await cleanup();
    assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 2);

    await endLeases(user);
    await cleanup();
    assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
    assertEquals((await keysBelow(`${user.id}/${kept}/`)).length, 1);
  });

  await t.step(
    "after the bucket's answer, before it is recorded: done again, once more",
    async () => {
      const { user, chat_id, kept } = await owner(status);
      await user.client.from("chat_images").delete().eq("chat_id", chat_id);
      await mortal.killAt("sweep.answered", () => cleanup({}, status));
      assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
      const due = async () =>
        (await openEntriesOf(user)).filter(({ reason }) => reason === "image_deleted");
      assertEquals((await due()).map(({ leased }) => leased), [true, true]);

      await endLeases(user);
      await cleanup();
      assertEquals(await due(), []);
      const attempts = (await entriesOf(user)).filter(({ reason }) => reason === "image_deleted");
      assertEquals(
        attempts.map(({ attempts }) => attempts),
        [1, 1],
        "what is not recorded is none",
      );
      assertEquals((await keysBelow(`${user.id}/${kept}/`)).length, 1);
    },
  );

  await t.step("between two batches of keys: the first is done, the second follows", async () => {
    const { user, chat_id, kept } = await owner(status);
    const keys = await enqueueKeys(user, chat_id, 1100);
    await Promise.all([keys[0]!, keys[1099]!].map(store));
    await mortal.killAt("sweep.settled", () => cleanup({}, status));
    assertEquals(
      (await openEntriesOf(user)).filter(({ reason }) => reason === "orphan").length,
      100,
    );

    await endLeases(user);
    await cleanup();
    assertEquals((await openEntriesOf(user)).filter(({ reason }) => reason === "orphan").length, 0);
    assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 2, "those that rows name");
    assertEquals((await keysBelow(`${user.id}/${kept}/`)).length, 1);
  });

  await t.step("between two pages of one chat: the rest goes with the next run", async () => {
    const { user, chat_id, kept } = await owner(status);
    const keys = Array.from(
      { length: 1010 },
      () => `${user.id}/${chat_id}/images/${crypto.randomUUID()}.png`,
    );
    await eachOf(keys, 20, store);
    await mortal.killAt("sweep.answered", () => user.call("delete-chat", { chat_id }));
    assertEquals((await keysBelow(`${user.id}/${chat_id}/`)).length, 12);
    const { error } = await user.client.from("chats").insert({ id: chat_id, title: "Again" });
    assertEquals(error?.code, "23505", "the id waits for its bytes");

    await endLeases(user);
    await cleanup();
    assertEquals(await keysBelow(`${user.id}/${chat_id}/`), []);
    assertEquals((await keysBelow(`${user.id}/${kept}/`)).length, 1);
  });

  await t.step("while an account is swept: whatever was killed, everything goes", async () => {
    for (const name of ["sweep.claimed", "sweep.listed", "sweep.answered"] as const) {
      const { user } = await owner(status);
      await asOperator((sql) => sql`delete from auth.users where id = ${user.id}`);
      await mortal.killAt(name, () => cleanup({}, status));
      await settleAll(user);
      assertEquals(await keysBelow(`${user.id}/`), [], name);
      assert((await openEntriesOf(user)).length === 0, name);
    }
  });
});
