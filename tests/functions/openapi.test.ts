/** docs/openapi.json: generated, valid, and true of the running functions. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { openapiText } from "../../tools/openapi.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openapi, undocumented } from "../support/openapi.ts";
import { callEachFunction } from "../support/successes.ts";
import { type Answer, request } from "../support/users.ts";

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

Deno.test("a query of several forms has the parameters of all of them", () => {
  const { parameters } = openapi.paths["/export-chat"].get;
  const facts = parameters.map(({ name, required }: { name: string; required: boolean }) =>
    [name, required] as const
  );
  assertEquals(Object.fromEntries(facts), {
    chat_id: false,
    format: false,
    images: false,
    all: false,
    after: false,
  });
});

Deno.test("each function answers as documented", async () => {
  const seen: string[] = [];
  for await (const [name, answer] of callEachFunction()) {
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
