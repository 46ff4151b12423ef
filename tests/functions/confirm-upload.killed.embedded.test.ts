/** confirm-upload, killed between any two of its steps: nothing is half done, and a repeat works. */
import { assert, assertEquals } from "@std/assert";
import { startMortalStack } from "../support/failpoints.ts";
import { image, put, reserve } from "../support/files.ts";
import { keysBelow } from "../support/stack.ts";
import { signUp } from "../support/users.ts";

Deno.test("confirm-upload is killed between two steps", async (t) => {
  await using stack = await startMortalStack();
  const user = await signUp(stack.status);
  const chat_id = await user.createChat();

  for (
    const [index, name] of ([
      "confirm.begun",
      "confirm.copied",
      "confirm.verified",
      "confirm.recorded",
    ] as const).entries()
  ) {
    await t.step(name, async () => {
      const file = image(`${name}.png`, index);
      const [upload] = await reserve(user, chat_id, [file]);
      const { id } = upload!;
      assertEquals(await put(upload!, file.bytes), 200);
      await stack.killAt(name, () => user.call("confirm-upload", { ids: [id] }));

      const select = () => user.client.from("chat_images").select("id, s3_path").eq("id", id);
      const { data: rows } = await select();
      const keys = await keysBelow(`${user.id}/${chat_id}/images/`);
      // A row without its object is the half that must never be seen.
      for (const { s3_path } of rows!) assert(keys.includes(s3_path));
      assertEquals(rows!.length, name === "confirm.recorded" ? 1 : 0);

      const { body } = await user.call("confirm-upload", { ids: [id] });
      assertEquals(body.images.map((one: { id: string }) => one.id), [id]);
      assertEquals((await select()).data!.length, 1);
    });
  }
});
