/** What all functions have in common: who gets in, and how errors look. */
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { logFile, ofEmbeddedStack, stack } from "../support/stack.ts";
import { type Fault, spoil } from "../support/tokens.ts";
import { assertError, assertField, post, request, signUp } from "../support/users.ts";

const USER_FUNCTIONS = CONTRACTS.filter(({ access }) => access === "user");
/** Those that take JSON. */
const POST_FUNCTIONS = USER_FUNCTIONS.filter(({ method, accepts }) => method === "POST" && !accepts)
  .map(({ name }) => name);

const user = await signUp();

for (const { name, method } of USER_FUNCTIONS) {
  const body = method === "POST" ? "{}" : null;

  Deno.test(`${name}: without a token: unauthorized`, async () => {
    assertError(await request(name, { method, body }), 401, "unauthorized");
  });

  for (const fault of ["forged", "expired", "unsigned", "of another role", "garbage"] as Fault[]) {
    // To make one, the stack's own key is needed.
    const options = ["expired", "of another role"].includes(fault) ? ofEmbeddedStack : {};
    Deno.test(`${name}: with a token that is ${fault}: unauthorized`, options, async () => {
      const headers = { authorization: `Bearer ${await spoil(user.token, fault)}` };
      assertError(await request(name, { method, headers, body }), 401, "unauthorized");
    });
  }

  Deno.test(`${name}: with an API key instead of a token: unauthorized`, async () => {
    for (const key of [stack.PUBLISHABLE_KEY, stack.SECRET_KEY]) {
      const headers = { apikey: key, authorization: `Bearer ${key}` };
      assertError(await request(name, { method, headers, body }), 401, "unauthorized");
    }
  });

  Deno.test(`${name}: with another method: method_not_allowed`, async () => {
    const headers = { authorization: `Bearer ${user.token}` };
    const answer = await request(name, { method: "PUT", headers, body: "{}" });
    assertError(answer, 405, "method_not_allowed");
    assertEquals(answer.headers.get("allow"), method);
  });

  Deno.test(`${name}: answers a preflight`, async () => {
    const answer = await request(name, {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": method },
    });
    assertEquals(answer.status, 204);
    assertEquals(answer.headers.get("access-control-allow-origin"), "*");
    assertMatch(answer.headers.get("access-control-allow-headers")!, /authorization/);
  });
}

for (const name of POST_FUNCTIONS) {
  Deno.test(`${name}: with malformed JSON: invalid_request`, async () => {
    for (const body of ["{", "", "\xff", '{"a":1}x']) {
      const answer = await request(name, {
        method: "POST",
        headers: { authorization: `Bearer ${user.token}`, "content-type": "application/json" },
        body,
      });
      assertError(answer, 400, "invalid_request");
    }
  });

  Deno.test(`${name}: with another content type: unsupported_media_type`, async () => {
    const answer = await request(name, {
      method: "POST",
      headers: { authorization: `Bearer ${user.token}`, "content-type": "text/xml" },
      body: "<a/>",
    });
    assertError(answer, 415, "unsupported_media_type");
  });

  Deno.test(`${name}: with a body over 1 MiB: payload_too_large`, async () => {
    const answer = await post(name, { filler: "x".repeat(1024 * 1024) }, user.token);
    assertError(answer, 413, "payload_too_large");
  });

  Deno.test(`${name}: with wrong JSON: invalid_request`, async () => {
    for (const body of [null, [], 1, "text", {}]) {
      assertError(await post(name, body, user.token), 400, "invalid_request");
    }
  });

  Deno.test(`${name}: an unknown field is named`, async () => {
    const error = assertError(
      await post(name, { nonsense: 1 }, user.token),
      400,
      "invalid_request",
    );
    assertField(error, "nonsense");
  });
}

Deno.test("the caller's request id is carried to the answer", async () => {
  const headers = { "x-request-id": "my-request.1" };
  const answer = await request("health", { headers });
  assertEquals(answer.headers.get("x-request-id"), "my-request.1");
});

Deno.test("a request id that could break a log is replaced", async () => {
  for (const id of ["two words", "x".repeat(129), '"}{"']) {
    const answer = await request("health", { headers: { "x-request-id": id } });
    assertMatch(answer.headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
  }
});

Deno.test("a function that does not exist: 404", ofEmbeddedStack, async () => {
  const answer = await request("no-such-function", { method: "POST" });
  assertEquals({ status: answer.status, code: answer.body.code }, {
    status: 404,
    code: "not_found",
  });
});

Deno.test("each function logs one JSON line, without the token", ofEmbeddedStack, async () => {
  const headers = { "x-request-id": crypto.randomUUID(), authorization: `Bearer ${user.token}` };
  await request("delete-chat", {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: "{}",
  });
  const log = await Deno.readTextFile(logFile);
  const lines = log.split("\n").filter((line) => line.includes(headers["x-request-id"]));
  assertEquals(lines.length, 1);
  const line = JSON.parse(lines[0]!);
  assertEquals(
    { operation: line.operation, user_id: line.user_id, outcome: line.outcome, code: line.code },
    { operation: "delete-chat", user_id: user.id, outcome: "error", code: "invalid_request" },
  );
  assert(!log.includes(user.token));
});
