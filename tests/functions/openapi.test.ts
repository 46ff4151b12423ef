/** docs/openapi.json: generated, valid, and true of the running functions. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { openapiText } from "../../local/openapi.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { png } from "../support/files.ts";
import { openapi, undocumented } from "../support/openapi.ts";
import { stack } from "../support/stack.ts";
import { type Answer, request, signUp } from "../support/users.ts";

const user = await signUp();

Deno.test("docs/openapi.json is what the contracts give", () => {
  assert(JSON.stringify(openapi, null, 2) + "\n" === openapiText(), "run `deno task openapi`");
});

Deno.test("docs/openapi.json is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(openapi));
  assertEquals({ valid, errors, version: validator.version }, {
    valid: true,
    errors: undefined,
    version: "3.1",
  });
});

/** One request of each function that succeeds, in an order in which each finds what it needs. */
async function* successes(): AsyncGenerator<[string, Answer]> {
  const chat_id = await user.createChat();
  const bytes = png(2, 2);
  const file = { name: "a.png", content_type: "image/png", size: bytes.length };
  const reserved = await user.call("presign-upload", { chat_id, files: [file] });
  yield ["presign-upload", reserved];
  const [{ id, url, headers }] = reserved.body.uploads;
  await (await fetch(url, { method: "PUT", headers, body: bytes })).body?.cancel();
  yield ["confirm-upload", await user.call("confirm-upload", { ids: [id] })];
  yield ["presign-download", await user.call("presign-download", { ids: [id] })];
  const authorization = `Bearer ${user.token}`;
  yield [
    "export-chat",
    await request(`export-chat?chat_id=${chat_id}`, { headers: { authorization } }),
  ];
  yield ["delete-chat", await user.call("delete-chat", { chat_id })];
  yield [
    "storage-cleanup",
    await request("storage-cleanup", {
      method: "POST",
      headers: { apikey: stack.SECRET_KEY, "content-type": "application/json" },
      body: "{}",
    }),
  ];
  yield ["health", await request("health")];
}

Deno.test("each function answers as documented", async () => {
  const seen: string[] = [];
  for await (const [name, answer] of successes()) {
    assert(answer.status < 300, `${name}: ${JSON.stringify(answer.body)}`);
    assertEquals(undocumented(name, answer), undefined);
    seen.push(name);
  }
  assertEquals(seen.toSorted(), CONTRACTS.map(({ name }) => name).toSorted());
});

Deno.test("an answer that is not as documented is noticed", async () => {
  const good = await request("health");
  const cases: [Answer, RegExp][] = [
    [{ ...good, status: 418 }, /does not say that it answers 418/],
    [{ ...good, headers: new Headers({ "content-type": "text/html" }) }, /no x-request-id/],
    [{ ...good, body: { ...good.body, more: 1 } }, /must NOT have additional properties/],
    [{ ...good, body: { ...good.body, status: "fine" } }, /must be equal to one of/],
    [{ ...good, body: { ...good.body, version: undefined } }, /must have required property/],
    [{ ...good, status: 405 }, /health 405: .*code/],
  ];
  for (const [answer, expected] of cases) {
    assertMatch(undocumented("health", answer) ?? "", expected);
  }
});

Deno.test("each function takes the method and the credentials that are documented", async () => {
  const schemes = { user: [{ accessToken: [] }], secret: [{ secretKey: [] }], none: [] };
  for (const { name, method, access } of CONTRACTS) {
    assertEquals(Object.keys(openapi.paths[`/${name}`]), [method.toLowerCase()]);
    assertEquals(openapi.paths[`/${name}`][method.toLowerCase()].security, schemes[access]);

    const other = await request(name, { method: method === "GET" ? "POST" : "GET" });
    assertEquals([other.status, other.headers.get("allow")], [405, method]);
    const anonymous = await request(name, { method, body: method === "GET" ? null : "{}" });
    assertEquals(anonymous.status, access === "none" ? 200 : 401, name);
  }
});
