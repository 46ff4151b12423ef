/** The stack that a command starts for itself. */
import { Failure } from "../../stack/failure.ts";
import type { StackStatus } from "../../stack/status_file.ts";
import { withOwnStack } from "../../tools/own_stack.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { request } from "../support/users.ts";

Deno.test("a command's own stack works, and is gone when the work has failed", async () => {
  let status: StackStatus | undefined;
  await assertRejects(
    () =>
      withOwnStack(async (own) => {
        status = own;
        assertEquals((await request("health", {}, own)).status, 200);
        throw new Failure("the work failed", "");
      }),
    Failure,
    "the work failed",
  );
  for (const url of [status!.API_URL, status!.DB_URL]) {
    const open = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) })
      .then((connection) => (connection.close(), true), () => false);
    assertEquals(open, false);
  }
});
