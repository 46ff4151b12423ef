/** Whoever forgot to sign in is told so, and how a server does it. */
import { createClient } from "@supabase/supabase-js";
import { ChatArchiveError, createChatArchive } from "@shared/client/mod.ts";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { apiClient } from "../support/api_client.ts";
import { stack } from "../support/stack.ts";
import { request, signUp } from "../support/users.ts";

Deno.test("without a user's token both APIs say how to give one", async () => {
  const archive = createChatArchive(apiClient());
  const calls = [
    () => archive.createChat({ title: "Nobody's" }),
    () => archive.deleteChat({ id: crypto.randomUUID() }),
  ];
  for (const call of calls) {
    const { code, message } = await assertRejects(call, ChatArchiveError);
    assertEquals(code, "unauthorized");
    assertMatch(message, /sign in .*accessToken/);
  }
});

Deno.test("a token that is not valid is told from none", async () => {
  const { body } = await request("delete-chat", {
    method: "POST",
    headers: { authorization: "Bearer a.b.c", "content-type": "application/json" },
    body: "{}",
  });
  assertEquals([body.code, body.message], [
    "unauthorized",
    "the access token is not valid, or has expired",
  ]);
});

Deno.test("a server works for the user whose token it is given", async () => {
  const { token, createChat } = await signUp();
  const chat_id = await createChat("On a server");
  const supabase = createClient(stack.API_URL, stack.PUBLISHABLE_KEY, {
    accessToken: () => Promise.resolve(token),
  });
  const archive = createChatArchive(supabase);
  assertEquals((await archive.getChat({ id: chat_id })).title, "On a server");
  assertEquals((await archive.deleteChat({ id: chat_id })).status, "done");
});
