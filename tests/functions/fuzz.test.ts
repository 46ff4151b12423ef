/**
 * Whatever is sent to the functions, they answer as documented, and never with a 5xx.
 *
 * `FUZZ_REQUESTS=100000 deno task test tests/functions/fuzz.test.ts` sends more than the suite does;
 * `FUZZ_SEED` repeats what a failure has printed.
 */
import fc from "fast-check";
import { z } from "zod";
import type { Contract } from "@shared/contracts/contract.ts";
import { CONTRACTS } from "@shared/contracts/contracts.ts";
import { STATUS_OF } from "@shared/errors.ts";
import { assert, assertEquals } from "@std/assert";
import { exportChat } from "../support/exports.ts";
import { factsOf, image, pdf, uploadAll } from "../support/files.ts";
import { fuzz, hostileHeaders, jsonOf, mutated, queryOf, valueOf } from "../support/hostile.ts";
import { asOperator, stack } from "../support/stack.ts";
import { request, signUp, type User } from "../support/users.ts";

/** Milliseconds after which a request counts as hanging. */
const HANGS_MS = 60_000;

/** A user with a chat that has something of everything. */
async function equipped() {
  const user = await signUp();
  const chat_id = await user.createChat();
  const { data } = await user.client.from("chat_messages")
    .insert({ chat_id, role: "user", content: "x", parts: [{ type: "text", text: "x" }] })
    .select("id").single();
  const files = await uploadAll(user, chat_id, [
    { ...image(), message_id: data!.id },
    { name: "a.pdf", content_type: "application/pdf", bytes: pdf(), kind: "document" },
  ]);
  return { user, ids: [chat_id, data!.id, ...files], chat_id };
}

const mine = await equipped();
const theirs = await equipped();
const ids = [...mine.ids, ...mine.ids.map((id) => id.toUpperCase()), ...theirs.ids];

const exported = {
  json: JSON.parse(new TextDecoder().decode(await exportChat(mine.user, mine.chat_id, "json"))),
  zip: await exportChat(mine.user, mine.chat_id, "zip"),
};

/** A zip with some bytes changed, cut off or put in. */
const zips = fc.array(
  fc.record({
    at: fc.nat(exported.zip.length),
    drop: fc.nat(40),
    bytes: fc.uint8Array({ maxLength: 8 }),
  }),
  { maxLength: 3 },
).map((changes) => {
  let bytes: Uint8Array = exported.zip;
  for (const { at, drop, bytes: other } of changes) {
    bytes = Uint8Array.of(...bytes.subarray(0, at), ...other, ...bytes.subarray(at + drop));
  }
  return bytes as Uint8Array<ArrayBuffer>;
});

interface HostileRequest {
  method: string;
  query: string;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer>;
}

const [imageId, documentId] = mine.ids.slice(2);

/** What few values of the schema are: requests that mean something. */
const MEANT: Record<string, object[]> = {
  "presign-upload": [
    { chat_id: mine.chat_id, files: [factsOf(image())] },
    {
      chat_id: mine.chat_id,
      files: [
        { ...factsOf(image()), id: imageId, description: "x", coords_norm: [0, 0, 1, 1] },
        { ...factsOf(image("other.png", 1)), document_id: documentId, page_number: 1 },
      ],
    },
  ],
  "storage-cleanup": [
    {},
    { limit: 50 },
    { reconcile: "dry-run", after: "a", until: "b" },
    { reconcile: "apply", expected: 0 },
    { accept_restore: "dry-run" },
  ],
};

function bodiesOf({ name, accepts, request }: Contract): fc.Arbitrary<HostileRequest["body"]> {
  if (accepts) return fc.oneof(jsonOf(mutated(fc.constant(exported.json))), zips);
  const values = valueOf(z.toJSONSchema(request, { io: "input" }), ids);
  const meant = MEANT[name];
  return jsonOf(mutated(meant ? fc.oneof(values, fc.constantFrom(...meant)) : values));
}

function requestsOf(contract: Contract): fc.Arbitrary<HostileRequest> {
  const { method, accepts } = contract;
  const schema = z.toJSONSchema(contract.request, { io: "input", unrepresentable: "any" });
  const fields = method === "GET"
    ? mutated(valueOf(schema, ids)).map((value) => Object(value) as object)
    : fc.constant({});
  return fc.record({
    method: fc.oneof(
      { weight: 15, arbitrary: fc.constant(method) },
      { weight: 1, arbitrary: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE") },
    ),
    query: fc.oneof(
      { weight: method === "GET" || accepts ? 15 : 1, arbitrary: queryOf(fields) },
      { weight: method === "GET" ? 1 : 15, arbitrary: fc.constant("") },
    ),
    headers: fc.oneof(
      { weight: 6, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: hostileHeaders },
    ),
    body: bodiesOf(contract),
  });
}

const CREDENTIALS: Record<Contract["access"], (user: User) => Record<string, string>> = {
  user: ({ token }) => ({ authorization: `Bearer ${token}` }),
  secret: () => ({ apikey: stack.SECRET_KEY }),
  none: () => ({}),
};

for (const contract of CONTRACTS) {
  const { name, access } = contract;
  Deno.test(`${name}: whatever is sent is answered as documented, never with a 5xx`, async () => {
    // An account may get deleted.
    const user = name === "delete-account" ? await signUp() : mine.user;
    let sent = 0;
    await asOperator(async (sql) => {
      await fuzz(1 / CONTRACTS.length, requestsOf(contract), async (hostile) => {
        if (sent++ % 20 === 0) {
          await sql`delete from private.rate_buckets where user_id = ${user.id}`;
        }
        const hasBody = hostile.method !== "GET";
        const type = typeof hostile.body === "string" ? "application/json" : "application/zip";
        const answer = await request(`${name}${hostile.query && "?"}${hostile.query}`, {
          method: hostile.method,
          headers: { "content-type": type, ...CREDENTIALS[access](user), ...hostile.headers },
          ...(hasBody ? { body: hostile.body } : {}),
          signal: AbortSignal.timeout(HANGS_MS),
        });
        assert(answer.headers.has("x-request-id"), `${answer.status}: not of the function`);
        assert(answer.status < 500, `${answer.status} ${JSON.stringify(answer.body)}`);
        if (answer.status < 400) return;
        const { code, message, details } = answer.body;
        assertEquals(STATUS_OF[code as keyof typeof STATUS_OF], answer.status);
        if (code === "invalid_request") assert(details?.[0]?.message, message);
      });
    });
  });
}

Deno.test("what somebody else has is as it was", async () => {
  const { data } = await theirs.user.client.from("chats")
    .select("id, chat_messages(id), chat_images(id), chat_documents(id)").single();
  assert(data);
  const left = [data.id, data.chat_messages, data.chat_images, data.chat_documents].flat()
    .map((one) => typeof one === "string" ? one : one.id);
  assertEquals(new Set(left), new Set(theirs.ids));
});
