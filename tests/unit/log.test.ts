/** What the functions' log says of an error. */
import { describeError } from "../../supabase/functions/_shared/log.ts";
import { assert, assertMatch } from "@std/assert";

/** A port at which nobody listens any more. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("an error's address comes without what was signed", async () => {
  const url = `http://127.0.0.1:${closedPort()}/bucket/key.png?X-Amz-Signature=secret`;
  const cause = await fetch(url).catch((error) => error);
  assert(Deno.inspect(cause).includes("X-Amz-Signature"), "as the runtime says it");
  const text = describeError(new Error("the bucket did not answer", { cause }));
  assertMatch(text, /the bucket did not answer <- TypeError.*:\d+\/bucket\/key\.png\?…\)/);
  assert(!/Signature|secret/.test(text), text);
});
