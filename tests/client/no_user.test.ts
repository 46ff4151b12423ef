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

const INVALID = "the access token is not valid, or has expired";

Deno.test("a token that is not valid is told from none, by both APIs", async () => {
  const { token } = await signUp();
  const [head, payload, signature] = token.split(".");
  const tampered = `${head}.${payload}.${signature!.slice(2)}AA`;
  for (const wrong of [tampered, "a.b.c", "garbage"]) {
    const archive = createChatArchive(apiClient({ token: wrong }));
    const calls = [
      () => archive.createChat({ title: "Somebody's" }),
      () => archive.listChats(),
      () => Array.fromAsync(archive.history({ chat_id: crypto.randomUUID() })),
      () => archive.deleteChat({ id: crypto.randomUUID() }),
    ];
    for (const call of calls) {
      const { code, message } = await assertRejects(call, ChatArchiveError);
      assertEquals([code, message], ["unauthorized", INVALID]);
    }
  }
});

Deno.test("a key that a gateway refuses is not taken for a missing user", async () => {
  const refusing = () =>
    Promise.resolve(Response.json({ message: "Invalid API key", hint: "…" }, { status: 401 }));
  const archive = createChatArchive(apiClient({ fetch: refusing }));
  for (
    const call of [() => archive.listChats(), () => archive.deleteChat({ id: crypto.randomUUID() })]
  ) {
    const { code, message } = await assertRejects(call, ChatArchiveError);
    assertEquals([code, message], [
      "unauthorized",
      "the API key, or the access token, is not valid",
    ]);
  }
});

Deno.test("a token that is not valid is refused by functions", async () => {
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
