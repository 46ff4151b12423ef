/** delete-account, killed (-9) between any two of its steps: the account goes all the same. */
import { assertEquals } from "@std/assert";
import { addChats, chatsOf, usersOf } from "../support/accounts.ts";
import { cleanup } from "../support/deletion.ts";
import { startMortalStack } from "../support/failpoints.ts";
import { image, uploadAll } from "../support/files.ts";
import { keysBelow } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

Deno.test("delete-account is killed between two steps, and goes on", async (t) => {
  await using mortal = await startMortalStack();
  for (const name of ["account.slice", "account.emptied"] as const) {
    await t.step(name, async () => {
      const user = await signUp(mortal.status);
      const chat_id = await user.createChat();
      await uploadAll(user, chat_id, [image()]);
      // More than one slice.
      await addChats(user, 600);
      await mortal.killAt(name, () => user.call("delete-account", { confirm: user.email }));
      assertEquals(await chatsOf(user), name === "account.slice" ? 101 : 0);
      assertEquals(await usersOf(user), 1, "the user goes last");

      const { status, body } = await user.call("delete-account", { confirm: user.email });
      assertEquals([status, body.status, body.chats], [202, "deleted", 601]);
      assertEquals([await chatsOf(user), await usersOf(user)], [0, 0]);
      // A run takes some of 601 chats.
      for (let run = 0; run < 3; run++) await cleanup();
      assertEquals(await keysBelow(`${user.id}/`), []);
    });
  }
});
